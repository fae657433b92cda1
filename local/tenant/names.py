"""Words that generated people, departments and places are made of: many scripts, apostrophes, diacritics."""

GIVEN = (
    "Anna", "Bea", "Carlos", "Deepa", "Emre", "Fatima", "George", "Hana", "Ivan", "Jane", "Kofi", "Lena", "Mateo", "Nora", "Omar",
    "Priya", "Quinn", "Rosa", "Sofia", "Tomas", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf", "Zoë", "José", "Zoé", "François", "Siân",
    "Łukasz", "Žofie", "Şebnem", "Ngọc", "Øystein", "Åsa", "Jürgen", "Mary Ann", "Jean-Luc", "N'Golo", "Ó Dhónaill",
    "Дмитрий", "Олена", "Ελένη", "Νίκος", "محمد", "فاطمة", "שרה", "अनन्या", "রহিম", "สมชาย", "美咲", "小明", "지훈", "გიორგი", "Հայկ",
)  # fmt: skip

SURNAMES = (
    "Andersen", "Brown", "Costa", "Dubois", "Eriksson", "Fischer", "García", "Hoffmann", "Ito", "Jansen", "Kowalski", "Lind", "Moreau",
    "Novák", "O'Brien", "D'Angelo", "Patel", "Quist", "Rossi", "Smith", "Tanaka", "Usman", "van der Berg", "Williams", "Xu", "Yıldız",  # noqa: RUF001  a real letter
    "Zimmermann", "Nguyễn", "Müller", "Strauß", "Łąski", "Sørensen", "Þórsdóttir", "Smith-Jones", "O'Neill", "McDonald", "de la Cruz",
    "Иванова", "Шевченко", "Παπαδόπουλος", "العلي", "כהן", "शर्मा", "হোসেন", "ใจดี", "佐藤", "王", "김", "ბერიძე", "Սարգսյան",
)  # fmt: skip

DEPARTMENTS = ("Engineering", "Sales", "Finance", "People & Culture", "Legal", "Support")
PLACES = ("Berlin", "São Paulo", "Tokyo", "London")
PROJECTS = ("Aurora", "Borealis", 'R&D "Next"', "Zürich 2027")
TITLES = ("Engineer", "Senior Engineer", "Account Manager", "Controller", "Counsel", "Analyst", "Team Lead", "Director", "Assistant")
LANGUAGES = ("en-US", "de-DE", "pt-BR", "ja-JP", "en-GB", "fr-FR")
COUNTRIES = ("DE", "BR", "JP", "GB")
