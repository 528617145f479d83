"""Places in other languages: names of their own, cases and endings. Every sentence is the project's own."""

import pytest

from services.enricher.domain.where import places


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Un attentat a fait six morts à Bruxelles.", {"Brussels"}),
        ("fr", "Une voiture piégée a explosé près d'Alep.", {"Aleppo"}),
        ("fr", "Des hommes armés ont ouvert le feu à N'Djamena, au Tchad.", {"Chad", "N'Djamena"}),
        ("fr", "La police a arrêté un suspect à Anvers, en Belgique.", {"Antwerp", "Belgium"}),
        ("fr", "L'explosion du Caire a blessé douze passants.", {"Cairo"}),
        ("fr", "Deux soldats ont été tués aux Pays-Bas.", {"Netherlands"}),
        ("es", "Un coche bomba estalló en Bagdad.", {"Baghdad"}),
        ("es", "Tres personas murieron en un tiroteo en Nueva York.", {"New York City"}),
        ("es", "Hombres armados atacaron un mercado en Estambul, Turquía.", {"Istanbul", "Turkey"}),
        ("es", "El ataque de Londres dejó cuatro heridos.", {"London"}),
        ("es", "Una granada hirió a dos policías en Ciudad Juárez, México.", {"Ciudad Juárez", "Mexico"}),
        ("pt", "Um carro-bomba explodiu em Bagdá.", {"Baghdad"}),
        ("pt", "Homens armados mataram três pessoas em Londres.", {"London"}),
        ("pt", "Ataque a faca em Nova Iorque deixa dois feridos.", {"New York City"}),
        ("pt", "A explosão ocorreu perto de Mogadíscio, na Somália.", {"Mogadishu", "Somalia"}),
        ("pt", "Tiroteio no Rio de Janeiro mata cinco.", {"Rio de Janeiro"}),
        ("pt", "Atentado em Genebra, na Suíça.", {"Geneva", "Switzerland"}),
        ("de", "In Straßburg erschoss ein Mann drei Menschen.", {"Strasbourg"}),
        ("de", "Bei einem Anschlag in Kairo starben vier Touristen.", {"Cairo"}),
        ("de", "Der Anschlag von Brüssel forderte viele Opfer.", {"Brussels"}),
        ("de", "Ein Messerangriff in Mailand, Italien, verletzte zwei Frauen.", {"Italy", "Milan"}),
        ("de", "Zwei Polizisten wurden in Prag verletzt.", {"Prague"}),
        ("de", "Bewaffnete griffen einen Markt in Neu-Delhi an.", {"New Delhi"}),
        ("tr", "İstanbul'da bir bomba patladı.", {"Istanbul"}),
        ("tr", "Ankara’daki saldırıda üç kişi öldü.", {"Ankara"}),
        ("tr", "Bağdat'ta intihar saldırısı düzenlendi.", {"Baghdad"}),
        ("tr", "Saldırgan Londra'dan geldi.", {"London"}),
        ("tr", "Saldırı Halep'in merkezinde oldu.", {"Aleppo"}),
        ("tr", "Halep yakınlarında iki asker öldü.", {"Aleppo"}),
        ("ru", "В Москве взорвалась бомба.", {"Moscow"}),
        ("ru", "Стрельба произошла под Багдадом.", {"Baghdad"}),
        ("ru", "Нападение в Лондоне унесло три жизни.", {"London"}),
        ("ru", "Полиция Парижа задержала стрелка.", {"Paris"}),
        ("ru", "Взрыв в Кабуле, столице Афганистана, убил десятерых.", {"Afghanistan", "Kabul"}),
        ("ru", "Боевики напали на пост в Краснодаре.", {"Krasnodar"}),
        ("ru", "Теракт в Санкт-Петербурге.", {"Saint Petersburg"}),
        ("ru", "В Грозном ночью слышали стрельбу.", {"Grozny"}),
        ("ru", "В Махачкале и Волгограде усилена охрана.", {"Makhachkala", "Volgograd"}),
        ("ar", "انفجرت سيارة مفخخة في دمشق.", {"Damascus"}),
        ("ar", "قتل ثلاثة جنود بحلب أمس.", {"Aleppo"}),
        ("ar", "هجوم مسلح في مقديشو عاصمة الصومال.", {"Mogadishu", "Somalia"}),
        ("ar", "أصيب خمسة في طرابلس وبنغازي.", {"Benghazi", "Tripoli"}),
        ("ar", "إطلاق نار في نيويورك.", {"New York City"}),
        ("ur", "پشاور میں دھماکے سے پانچ افراد ہلاک ہوئے۔", {"Peshawar"}),
        ("ur", "کوئٹہ کے بازار میں فائرنگ ہوئی۔", {"Quetta"}),
        ("ur", "کابل میں خودکش حملہ ہوا۔", {"Kabul"}),
        ("ur", "لاہور سے دو ملزم گرفتار ہوئے۔", {"Lahore"}),
        ("ur", "بغداد میں کار بم دھماکہ ہوا۔", {"Baghdad"}),
    ],
)
def test_names_in_other_languages(language: str, text: str, expected: set[str]) -> None:
    mentions = places.find(text, language=language)
    assert {mention.name for mention in mentions} == expected
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions)
