"""The words for codes, for `wording.py`. A target type that has no word here is told by its code."""

from shared.codes import AttackType, ClaimMode, Credibility, Reliability, TargetType, WherePrecision

ATTACK = {
    AttackType.ASSASSINATION: "assassination",
    AttackType.ARMED_ASSAULT: "armed assault",
    AttackType.BOMBING_EXPLOSION: "bombing",
    AttackType.HIJACKING: "hijacking",
    AttackType.HOSTAGE_TAKING_BARRICADE: "hostage-taking",
    AttackType.HOSTAGE_TAKING_KIDNAPPING: "kidnapping",
    AttackType.FACILITY_INFRASTRUCTURE_ATTACK: "attack on a facility",
    AttackType.UNARMED_ASSAULT: "unarmed assault",
}
PRECISION = {
    WherePrecision.EXACT: "exact place",
    WherePrecision.NEAR: "within about 25 km",
    WherePrecision.DISTRICT: "district known",
    WherePrecision.PROVINCE: "only the province is known",
    WherePrecision.VAGUE: "only roughly known",
    WherePrecision.COUNTRY: "only the country is known",
    WherePrecision.INTERNATIONAL: "at sea or in the air",
}
CLAIM = {
    ClaimMode.CLAIMED: "claimed by {}",
    ClaimMode.SUSPECTED: "suspected: {}",
    ClaimMode.BLAMED: "blamed on {}",
    ClaimMode.DENIED: "denied by {}",
    ClaimMode.UNKNOWN: "{} (named in reports)",
}
TARGET = {
    TargetType.ABORTION_RELATED: "abortion clinic",
    TargetType.AIRPORTS_AIRCRAFT: "airport or aircraft",
    TargetType.GOVERNMENT_GENERAL: "government",
    TargetType.GOVERNMENT_DIPLOMATIC: "diplomatic mission",
    TargetType.EDUCATIONAL_INSTITUTION: "school or university",
    TargetType.FOOD_WATER_SUPPLY: "food or water supply",
    TargetType.JOURNALISTS_MEDIA: "journalists or media",
    TargetType.MARITIME: "shipping or port",
    TargetType.NGO: "aid organisation",
    TargetType.PRIVATE_CITIZENS_PROPERTY: "civilians or their property",
    TargetType.RELIGIOUS: "religious site or figure",
    TargetType.TELECOMMUNICATION: "telecommunications",
    TargetType.TERRORISTS_MILITIA: "armed group",
    TargetType.TRANSPORTATION: "transport",
    TargetType.VIOLENT_POLITICAL_PARTY: "armed political party",
}
RELIABLE = {
    Reliability.A: "completely reliable",
    Reliability.B: "usually reliable",
    Reliability.C: "fairly reliable",
    Reliability.D: "not usually reliable",
    Reliability.E: "unreliable",
    Reliability.F: "of unknown reliability",
}
CREDIBLE = {
    Credibility.CONFIRMED: "confirmed by others",
    Credibility.PROBABLY_TRUE: "probably true",
    Credibility.POSSIBLY_TRUE: "possibly true",
    Credibility.DOUBTFUL: "doubtful",
    Credibility.IMPROBABLE: "improbable",
    Credibility.CANNOT_BE_JUDGED: "truth not judged",
}
