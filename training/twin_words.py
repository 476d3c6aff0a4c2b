"""Word lists behind `training.twins`: what may be exchanged for what, in Indonesian and English.

Each row of a two-language list is one thing in both languages, so that a premise in one language and a claim in the
other can be edited alike. All lists are closed-class words and names from general knowledge, written for this project.
"""

from __future__ import annotations

WEEKDAYS = (
    ("Monday", "Senin"), ("Tuesday", "Selasa"), ("Wednesday", "Rabu"), ("Thursday", "Kamis"), ("Friday", "Jumat"),
    ("Saturday", "Sabtu"), ("Sunday", "Minggu"),
)  # fmt: skip

# May, March and August are left out in English only where lower case would make them words; matching is by case.
MONTHS = (
    ("January", "Januari"), ("February", "Februari"), ("March", "Maret"), ("April", "April"), ("June", "Juni"),
    ("July", "Juli"), ("August", "Agustus"), ("September", "September"), ("October", "Oktober"),
    ("November", "November"), ("December", "Desember"),
)  # fmt: skip

MAGNITUDES = (("hundred", "ratus"), ("thousand", "ribu"), ("million", "juta"), ("billion", "miliar"),
              ("trillion", "triliun"))  # fmt: skip

NUMBER_WORDS = (
    ("two", "dua"), ("three", "tiga"), ("four", "empat"), ("five", "lima"), ("six", "enam"), ("seven", "tujuh"),
    ("eight", "delapan"), ("nine", "sembilan"), ("ten", "sepuluh"), ("eleven", "sebelas"), ("twelve", "dua belas"),
)  # fmt: skip

ORDINALS = (("first", "pertama"), ("second", "kedua"), ("third", "ketiga"), ("fourth", "keempat"), ("fifth", "kelima"))

UNITS = (("years", "tahun"), ("months", "bulan"), ("weeks", "minggu"), ("days", "hari"), ("hours", "jam"),
         ("minutes", "menit"))  # fmt: skip

PLACES = (
    ("Indonesia", "Indonesia"), ("Malaysia", "Malaysia"), ("Singapore", "Singapura"), ("Thailand", "Thailand"),
    ("Philippines", "Filipina"), ("Vietnam", "Vietnam"), ("Japan", "Jepang"), ("China", "China"), ("India", "India"),
    ("South Korea", "Korea Selatan"), ("North Korea", "Korea Utara"), ("Australia", "Australia"),
    ("Russia", "Rusia"), ("Ukraine", "Ukraina"), ("Germany", "Jerman"), ("France", "Prancis"), ("Italy", "Italia"),
    ("Spain", "Spanyol"), ("Netherlands", "Belanda"), ("Turkey", "Turki"), ("Egypt", "Mesir"), ("Iran", "Iran"),
    ("Iraq", "Irak"), ("Israel", "Israel"), ("Lebanon", "Lebanon"), ("Syria", "Suriah"), ("Jordan", "Yordania"),
    ("Saudi Arabia", "Arab Saudi"), ("Pakistan", "Pakistan"), ("Afghanistan", "Afghanistan"), ("Brazil", "Brasil"),
    ("Argentina", "Argentina"), ("Mexico", "Meksiko"), ("Canada", "Kanada"), ("Britain", "Inggris"),
    ("United States", "Amerika Serikat"), ("Jakarta", "Jakarta"), ("Surabaya", "Surabaya"), ("Bandung", "Bandung"),
    ("Semarang", "Semarang"), ("Medan", "Medan"), ("Makassar", "Makassar"), ("Aceh", "Aceh"), ("Papua", "Papua"),
    ("Bali", "Bali"), ("Lombok", "Lombok"), ("Batam", "Batam"), ("Palembang", "Palembang"), ("Cirebon", "Cirebon"),
    ("Central Java", "Jawa Tengah"), ("East Java", "Jawa Timur"), ("West Java", "Jawa Barat"),
    ("North Sumatra", "Sumatera Utara"), ("West Sumatra", "Sumatera Barat"), ("Yogyakarta", "Yogyakarta"),
    ("South Sulawesi", "Sulawesi Selatan"), ("Bangkok", "Bangkok"), ("Tokyo", "Tokyo"), ("Beijing", "Beijing"),
    ("London", "London"), ("Paris", "Paris"), ("Berlin", "Berlin"), ("Moscow", "Moskow"), ("Washington", "Washington"),
    ("New York", "New York"), ("Baghdad", "Baghdad"), ("Beirut", "Beirut"), ("Cairo", "Kairo"), ("Gaza", "Gaza"),
    ("Damascus", "Damaskus"), ("Geneva", "Jenewa"), ("Madrid", "Madrid"), ("Rome", "Roma"), ("Kuala Lumpur",
    "Kuala Lumpur"), ("Manila", "Manila"), ("Hanoi", "Hanoi"), ("Sydney", "Sydney"), ("Canberra", "Canberra"),
    ("Kiev", "Kiev"), ("Istanbul", "Istanbul"), ("Ankara", "Ankara"), ("Tehran", "Teheran"),
)  # fmt: skip

PERSONS = (
    "Budi Santoso", "Siti Rahma", "Agus Wibowo", "Dewi Lestari", "Hendra Gunawan", "Rina Kartika", "Joko Susilo",
    "Andi Pratama", "Wahyu Hidayat", "Nur Aisyah", "Bambang Sutrisno", "Maya Sari", "Rudi Hartono", "Ahmad Fauzi",
    "John Miller", "Anna Schmidt", "David Clarke", "Maria Lopez", "Ivan Petrov", "Sergei Ivanov", "Hassan Karimi",
    "Omar Khalil", "Pierre Martin", "Laura Bennett", "James Carter", "Emma Wilson", "Chen Wei", "Kenji Tanaka",
    "Ali Rahimi", "Robert Hughes", "Susan Parker", "Michael Turner",
)  # fmt: skip

# Opposites: (English, English opposite, Indonesian, Indonesian opposite); an empty side has no safe form there.
OPPOSITES = (
    ("before", "after", "sebelum", "setelah"), ("increased", "decreased", "meningkat", "menurun"),
    ("increase", "decrease", "peningkatan", "penurunan"), ("rose", "fell", "naik", "turun"),
    ("rise", "fall", "kenaikan", "penurunan"), ("rising", "falling", "menaik", "menurun"),
    ("higher", "lower", "lebih tinggi", "lebih rendah"), ("highest", "lowest", "tertinggi", "terendah"),
    ("more", "less", "lebih banyak", "lebih sedikit"), ("more than", "less than", "lebih dari", "kurang dari"),
    ("most", "least", "terbanyak", "tersedikit"), ("largest", "smallest", "terbesar", "terkecil"),
    ("larger", "smaller", "lebih besar", "lebih kecil"), ("large", "small", "besar", "kecil"),
    ("won", "lost", "menang", "kalah"), ("win", "lose", "memenangkan", "kehilangan"),
    ("victory", "defeat", "kemenangan", "kekalahan"), ("beat", "lost to", "mengalahkan", "kalah dari"),
    ("supported", "opposed", "mendukung", "menentang"), ("support", "oppose", "dukungan", "penolakan"),
    ("supports", "opposes", "", ""), ("accepted", "rejected", "menerima", "menolak"),
    ("accept", "reject", "diterima", "ditolak"), ("approved", "rejected", "menyetujui", "menolak"),
    ("allowed", "banned", "mengizinkan", "melarang"), ("allow", "ban", "diizinkan", "dilarang"),
    ("bought", "sold", "membeli", "menjual"), ("buy", "sell", "dibeli", "dijual"), ("export", "import", "ekspor",
    "impor"), ("exports", "imports", "mengekspor", "mengimpor"), ("opened", "closed", "membuka", "menutup"),
    ("open", "closed", "dibuka", "ditutup"), ("began", "ended", "mulai", "berakhir"),
    ("start", "end", "dimulai", "berakhir"), ("early", "late", "awal", "akhir"), ("success", "failure",
    "keberhasilan", "kegagalan"), ("successful", "unsuccessful", "berhasil", "gagal"),
    ("succeeded", "failed", "sukses", "gagal"), ("north", "south", "utara", "selatan"),
    ("northern", "southern", "", ""), ("east", "west", "timur", "barat"), ("eastern", "western", "", ""),
    ("men", "women", "laki-laki", "perempuan"), ("male", "female", "pria", "wanita"), ("boys", "girls", "", ""),
    ("young", "old", "muda", "tua"), ("strong", "weak", "kuat", "lemah"), ("good", "bad", "baik", "buruk"),
    ("better", "worse", "lebih baik", "lebih buruk"), ("best", "worst", "terbaik", "terburuk"),
    ("easy", "difficult", "mudah", "sulit"), ("cheap", "expensive", "murah", "mahal"), ("rich", "poor", "kaya",
    "miskin"), ("always", "never", "selalu", "tidak pernah"), ("all", "none of the", "semua", "tidak satu pun"),
    ("many", "few", "banyak", "sedikit"), ("gained", "lost", "memperoleh", "kehilangan"), ("public", "private",
    "negeri", "swasta"), ("safe", "dangerous", "aman", "berbahaya"), ("possible", "impossible", "mungkin",
    "mustahil"), ("positive", "negative", "positif", "negatif"), ("improved", "worsened", "membaik", "memburuk"),
    ("alive", "dead", "hidup", "mati"), ("agreed", "refused", "setuju", "menolak"), ("with", "without", "dengan",
    "tanpa"), ("outside", "inside", "di luar", "di dalam"), ("urban", "rural", "perkotaan", "perdesaan"),
    ("confirmed", "denied", "membenarkan", "membantah"), ("includes", "excludes", "termasuk", "tidak termasuk"),
    ("long", "short", "panjang", "pendek"), ("above", "below", "di atas", "di bawah"), ("faster", "slower",
    "lebih cepat", "lebih lambat"), ("reduce", "increase", "mengurangi", "menambah"), ("reduced", "increased",
    "berkurang", "bertambah"), ("reduces", "increases", "", ""), ("prevents", "causes", "mencegah", "menyebabkan"),
    ("effective", "ineffective", "efektif", "tidak efektif"), ("majority", "minority", "mayoritas", "minoritas"),
    ("entered", "left", "memasuki", "meninggalkan"), ("married", "divorced", "menikah", "bercerai"),
    ("first", "last", "pertama", "terakhir"), ("guilty", "innocent", "bersalah", "tidak bersalah"),
    ("arrested", "released", "ditangkap", "dibebaskan"), ("true", "false", "benar", "salah"),
)  # fmt: skip
