"""The words of `quantity`: number words, magnitudes, units, money, and what is said of people who are counted."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _table(text: str) -> dict[str, str]:
    """`unit: word, two words; unit: ...` as a mapping from word to unit."""
    table: dict[str, str] = {}
    for row in text.strip().splitlines():
        unit, _, words = row.partition(":")
        table |= {word.strip(): unit.strip() for word in words.split(",") if word.strip()}
    return table


WORD_NUMBERS: Mapping[str, float] = {
    word: float(value)
    for value, words in {
        0: "nol zero",
        1: "satu one",
        2: "dua two",
        3: "tiga three",
        4: "empat four",
        5: "lima five",
        6: "enam six",
        7: "tujuh seven",
        8: "delapan eight",
        9: "sembilan nine",
        10: "sepuluh ten",
        11: "sebelas eleven",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "seratus",
        1000: "seribu",
        1_000_000: "sejuta",
        1_000_000_000: "semiliar",
        12: "twelve selusin",
    }.items()
    for word in words.split()
}
MAGNITUDES: Mapping[str, float] = {
    word: value
    for value, words in {
        12.0: "dozen dozens lusin",
        1e3: "ribu rb thousand thousands k",
        1e6: "juta jt million millions mn mln m",
        1e9: "miliar milyar billion billions bn M",
        1e12: "triliun trilyun trillion trillions tn T",
    }.items()
    for word in words.split()
}
"""`M` and `T` are the Indonesian short forms after a sum of money, `m` the English one."""

CURRENCY_BEFORE: Mapping[str, str] = {
    "rp": "idr",
    "idr": "idr",
    "us$": "usd",
    "usd": "usd",
    "$": "usd",
    "a$": "aud",
    "aud": "aud",
    "s$": "sgd",
    "sgd": "sgd",
    "eur": "eur",
    "€": "eur",
    "£": "gbp",
    "¥": "jpy",
    "rm": "myr",
}
CURRENCY_AFTER: tuple[tuple[str, str], ...] = (
    (r"(?:rupiahs?|IDR)", "idr"),
    (r"(?:dolar|dollar) Singapura|Singapore dollars?|SGD", "sgd"),
    (r"(?:dolar|dollar) Australia|Australian dollars?|AUD", "aud"),
    (
        r"(?:dolar AS|dolar Amerika(?: Serikat)?|US dollars?|U\.S\. dollars?|American dollars?|USD|dollars?|dolar)",
        "usd",
    ),
    (r"(?:euros?|EUR)", "eur"),
    (r"(?:poundsterling|pound sterling|pounds sterling|GBP|pounds?)", "gbp"),
    (r"(?:yen|JPY)", "jpy"),
    (r"(?:yuan|renminbi|CNY|RMB)", "cny"),
    (r"(?:ringgit|MYR)", "myr"),
    (r"(?:riyals?|SAR)", "sar"),
)

UNITS: Mapping[str, str] = _table(
    """
    person: orang, jiwa, people, persons, person, warga, korban, victims, residents, penduduk, inhabitants, penumpang, passengers, siswa, students, pupils, murid, pelajar, mahasiswa, pekerja, workers, karyawan, employees, buruh, pasien, patients, anak, children, perempuan, women, laki-laki, men, prajurit, soldiers, troops, tentara, personel, personnel, polisi, officers, nelayan, fishermen, petani, farmers, pengungsi, refugees, evacuees, jemaah, pilgrims, pengunjung, visitors, wisatawan, tourists, peserta, participants, penonton, spectators, relawan, volunteers, guru, teachers, dokter, doctors, tersangka, suspects, terdakwa, defendants, penerima, recipients, bayi, babies, anggota, members, atlet, athletes, saksi, witnesses, sandera, hostages, tahanan, prisoners, detainees, pemilih, voters, jurnalis, wartawan, journalists, migran, migrants, ilmuwan, scientists, peneliti, researchers, mayat, jenazah, bodies, pria, wanita, remaja, teenagers, others, deaths, kematian, korban jiwa
    family: keluarga, families, kk, kepala keluarga, households, rumah tangga, household
    house: rumah, houses, homes, house, hunian, unit rumah, dwellings
    building: bangunan, gedung, buildings, building
    school: sekolah, schools, school
    village: desa, villages, village, kelurahan
    district: kecamatan, districts, subdistricts, sub-districts
    regency: kabupaten, regencies
    city: kota, cities
    province: provinsi, provinces
    country: negara, countries, nations, country
    company: perusahaan, companies, firms, company
    case: kasus, cases, case
    vehicle: kendaraan, vehicles, mobil, cars, car
    motorcycle: sepeda motor, motorcycles, motorbikes, motor
    bus: bus, buses, busses
    ship: kapal, ships, boats, vessels, perahu, ship
    aircraft: pesawat, planes, aircraft, airplanes, jets, jet
    train: kereta, trains, train
    drone: drone, drones
    missile: rudal, missiles, misil, roket, rockets
    bridge: jembatan, bridges, bridge
    hospital: rumah sakit, hospitals, puskesmas
    tree: pohon, trees
    seat: kursi, seats, seat
    vote: suara, votes, vote
    goal: gol, goals, goal
    medal: medali, medals, medal
    point: poin, points, point
    dose: dosis, doses, dose
    unit: unit, units
    time: kali, times
    year: tahun, years, year, year-old, years-old, thn
    month: bulan, months, month
    week: pekan, weeks, week, minggu
    day: hari, days, day
    hour: jam, hours, hour
    minute: menit, minutes, minute
    second: detik, seconds
    decade: dekade, decades, dasawarsa
    century: abad, centuries
    km: kilometer, kilometre, kilometers, kilometres, km
    m: meter, metre, meters, metres, m
    cm: sentimeter, centimeter, centimetre, centimeters, centimetres, cm, sentimeter
    mm: milimeter, millimeters, millimetres, millimetre, mm
    mile: mil, miles, mile
    foot: kaki, feet, foot
    km2: kilometer persegi, square kilometers, square kilometres
    m2: meter persegi, square meters, square metres
    hectare: hektare, hektar, hectares, hectare, ha
    acre: acres, acre
    kg: kilogram, kilograms, kilo, kg, kilos
    gram: gram, grams, gr
    ton: ton, tons, tonnes, tonne, metric tons
    quintal: kuintal
    litre: liter, litre, liters, litres
    barrel: barel, barrels
    kwh: kwh
    mw: megawatt, megawatts, mw
    gw: gigawatt, gigawatts, gw
    celsius: derajat celsius, degrees celsius, derajat, degrees
    kmh: km per jam, kilometers per hour, kilometres per hour, km/jam
    """
)
EXACT: frozenset[str] = frozenset(
    "idr usd eur gbp jpy cny sgd aud myr sar percent m km2 kg litre barrel kwh mw celsius kmh magnitude".split()
)
"""Units that no other unit stands for: money, shares, measures."""

DURATIONS: frozenset[str] = frozenset("year month week day hour minute second century".split())

IMPERIAL: frozenset[str] = frozenset({"mile", "foot", "acre"})
"""Units that the other language's text gives converted, and so rounded."""

SCALES: Mapping[str, tuple[float, str]] = {
    "km": (1000.0, "m"),
    "cm": (0.01, "m"),
    "mm": (0.001, "m"),
    "ton": (1000.0, "kg"),
    "gram": (0.001, "kg"),
    "quintal": (100.0, "kg"),
    "gw": (1000.0, "mw"),
    "m2": (1e-6, "km2"),
    "hectare": (0.01, "km2"),
    "decade": (10.0, "year"),
    "mile": (1609.344, "m"),
    "foot": (0.3048, "m"),
    "acre": (0.00404686, "km2"),
}
UNIT_BEFORE: Mapping[str, str] = _table(
    """
    magnitude: magnitudo, bermagnitudo, magnitude, berkekuatan, m
    age: usia, berusia, aged, umur, berumur
    rank: peringkat, ranked, rank, ranking, urutan
    score: skor, score
    """
)
ROLES: Mapping[str, str] = _table(
    """
    dead: meninggal, tewas, meninggalnya, wafat, gugur, terbunuh, dibunuh, died, dead, killed, deaths, death, die, kematian, menewaskan, killing, toll, jiwa, perished, lives
    injured: luka, luka-luka, terluka, cedera, melukai, injured, wounded, hurt, injuring, injuries, wounding
    missing: hilang, missing
    displaced: mengungsi, pengungsi, displaced, evacuated, evacuees, dievakuasi, terlantar, homeless, diungsikan
    arrested: ditangkap, menangkap, ditahan, arrested, detained, diamankan, arrests
    infected: terinfeksi, infected, positif, tertular, infections, terjangkit
    recovered: sembuh, recovered
    rescued: diselamatkan, selamat, rescued, survived, survivors
    destroyed: rusak, hancur, destroyed, damaged, roboh, collapsed, ambruk
    jailed: penjara, prison, jail, kurungan, imprisonment
    fined: denda, didenda, fined, fine
    vaccinated: divaksin, vaccinated
    hired: direkrut, hired
    dismissed: diphk, dirumahkan, phk, dismissed, fired
    """
)
LABELS: frozenset[str] = frozenset(
    """
    law laws nomor numbers number tabel table gambar figure lampiran annex pasal article chapter bab ayat nomor no undang-undang uu pp rt rw flight penerbangan route rute jalan jl liga grup group kelas class grade tipe type
    model seri series versi version page halaman gate terminal blok block room kamar lantai level fase phase tahap stage episode season musim km kilometer apollo
    formula piala g perpres permen keppres section bill resolution resolusi
    """.split()
) - {"km", "kilometer"}
VAGUE: Mapping[str, tuple[float, float]] = {
    "belasan": (11, 19),
    "puluhan": (20, 99),
    "ratusan": (100, 999),
    "ribuan": (1000, 999_999),
    "jutaan": (1e6, 999e6),
    "miliaran": (1e9, 999e9),
    "triliunan": (1e12, 999e12),
    "dozens": (20, 200),
    "scores": (20, 200),
    "hundreds": (100, 9999),
    "thousands": (1000, 999_999),
    "millions": (1e6, 999e6),
    "billions": (1e9, 999e9),
}
FRACTIONS: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), value)
    for pattern, value in (
        (r"setengah|separuh|half", 0.5),
        (r"two[ -]thirds|dua pertiga", 2 / 3),
        (r"three[ -]quarters|tiga perempat", 0.75),
        (r"sepertiga|one[ -]third|a third", 1 / 3),
        (r"seperempat|one[ -]quarter|a quarter", 0.25),
        (r"seperlima|one[ -]fifth|a fifth", 0.2),
        (r"sepersepuluh|one[ -]tenth|a tenth", 0.1),
        (r"dua perlima|two[ -]fifths", 0.4),
        (r"tiga perlima|three[ -]fifths", 0.6),
    )
)
