"""People's names: every number has one, always the same."""

FIRST_NAMES = (
    "Aino", "Mikko", "Sofia", "Juhani", "Fatima", "Eero", "Elsa", "Ville", "Amira", "Antti", "Helmi", "Olavi", "Linh",
    "Kalle", "Saara", "Yusuf", "Venla", "Tapio", "Ingrid", "Petri", "Noora", "Lauri", "Mei", "Henrik", "Siiri", "Omar",
    "Tuuli", "Jussi", "Katja", "Samuel", "Iida", "Björn", "Leila", "Hannu", "Anna", "Timo", "Zahra", "Ilkka", "Riikka",
    "Daniel", "Veera",
)  # fmt: skip
LAST_NAMES = (
    "Virtanen", "Korhonen", "Nguyen", "Mäkinen", "Nieminen", "Lindqvist", "Hämäläinen", "Hassan", "Laine", "Heikkinen",
    "Koskinen", "Johansson", "Järvinen", "Lehtonen", "Ahmed", "Saarinen", "Salminen", "Heinonen", "Ivanova", "Niemi",
    "Kinnunen", "Salonen", "Turunen", "Ström", "Laitinen", "Tuominen", "Rantanen", "Ali", "Karjalainen", "Jokinen",
    "Mattila", "Savolainen", "Lahtinen", "Popescu", "Ahonen", "Leppänen", "Väisänen",
)  # fmt: skip


def full_name(number: int) -> tuple[str, str]:
    """First and last name of the person of this number; 41 × 37 of them before they come again.

    >>> full_name(0), full_name(41)
    (('Aino', 'Virtanen'), ('Aino', 'Laine'))
    """
    # Both counts are prime, so walking through both at once meets every pair.
    return FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[2 * number % len(LAST_NAMES)]
