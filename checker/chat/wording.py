"""The sentences of the chat in the languages it speaks. Data only; what comes from outside is put in elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SAY: Final[Mapping[str, Mapping[str, str]]] = {
    "id": {
        "sources": "Sumber",
        "question": "Pertanyaan",
        "claim": "Klaim yang diperiksa",
        "yes": "Ya, menurut bukti yang tersimpan.",
        "no": "Tidak, menurut bukti yang tersimpan.",
        "leans_yes": "Bukti yang tersimpan condong ke ya, tetapi lemah.",
        "leans_no": "Bukti yang tersimpan condong ke tidak, tetapi lemah.",
        "unsure": "Keyakinan penilai hanya {confidence}: baca kutipannya sebelum memakai putusan ini.",
        "conflict": "Sumber-sumber saling bertentangan.",
        "open": "Belum dapat dijawab.",
        "failed": "Klaim ini gagal diperiksa; itu bukan penilaian atas klaimnya.",
        "for": "Yang mendukung",
        "against": "Yang membantah",
        "near": "Yang paling dekat, tetapi tidak memutuskan",
        "shown": "Ditampilkan, tidak dihitung",
        "said_so": "Bahwa {who} berkata demikian: **{label}**. Bahwa isinya benar, tanpa bersandar pada ucapan itu: "
        "**{content}**.",
        "kind_opinion": "Catatan: ini terbaca sebagai pendapat; yang bisa diperiksa hanya fakta di dalamnya.",
        "kind_prediction": "Catatan: ini terbaca sebagai prediksi; yang bisa diperiksa hanya apa yang sudah diketahui.",
        "missing": "Yang kurang",
        "missing_source": "sumber yang menyatakan atau membantah klaim ini",
        "missing_names": "tidak ada bukti tersimpan yang menyebut {names}",
        "look": "Tempat mencari",
        "look_speaker": "pernyataan asli {who}",
        "look_outlet": "laporan {who} sendiri",
        "look_fetch": "pemeriksa fakta, kantor berita dan dokumen resmi. Untuk mengambilnya ke "
        "penyimpanan: `{command}`",
        "article": "Saya baca ini sebagai artikel dan memeriksa seluruhnya.",
        "page": "Saya ambil halaman itu dan memeriksa seluruhnya.",
        "no_claims": "Tidak ada klaim yang dapat diperiksa di dalamnya.",
        "not_checked": "{count} kalimat ditampilkan tetapi tidak diperiksa (pendapat, prediksi, pertanyaan).",
        "more_claims": "… dan {count} klaim lagi; tanyakan dengan nomornya, misalnya “klaim {example}”.",
        "hint_article": "Tanyakan misalnya “klaim 2”, “tampilkan buktinya” atau “kirim klaim 2 ke antrean”.",
        "quoting": "Saya mengutip sumber, tidak menyimpulkan:",
        "quoting_numbers": "Angkanya berbeda-beda: lihat siapa yang menyebutnya dan kapan.",
        "asked_back": "Pertanyaan terbuka tidak diberi label. Tulis sebagai pernyataan bila ingin diperiksa.",
        "nothing": "Tidak ada bukti tersimpan yang menjawabnya, dan saya tidak menjawab dari ingatan.",
        "evidence": "Bukti",
        "evidence_none": "Tidak ada kutipan: belum ada bukti tersimpan yang membahas klaim ini.",
        "evidence_after": "Belum ada yang diperiksa dalam percakapan ini. Tulis dulu klaim atau pertanyaannya.",
        "no_number": "Tidak ada klaim nomor {number}; yang terakhir diperiksa berjumlah {count}.",
        "since": "Bukti tertua di penyimpanan yang {stance} klaim ini terbit {date}.",
        "since_none": "Belum ada bukti bertanggal yang membahas klaim ini.",
        "outlet": "Tentang klaim ini, dari **{name}**:",
        "outlet_own": "laporan sendiri",
        "outlet_via": "lewat {publisher}",
        "outlet_none": "Tidak ada laporan {name} di penyimpanan yang membahas klaim ini, langsung maupun lewat "
        "media lain.",
        "outlet_note": "Ini kata satu sumber, bukan putusan. Putusan atas semua bukti: **{label}**.",
        "outlet_unknown": "Apa yang ingin ditanyakan tentang {name}? Tulis sebagai kalimat lengkap, misalnya "
        "“Benarkah {name} …?”.",
        "why": "Mengapa begitu",
        "why_origins": "Putusan ini bersandar pada {origins}; salinan satu berita dihitung sekali.",
        "why_confidence": "Keyakinan penilai {confidence}. Label ditentukan aturan tetap dari sikap tiap sumber, bukan "
        "oleh kata-kata pertanyaan.",
        "queued": "Dikirim ke antrean: {count} klaim.",
        "queued_hint": "Di sana manusia yang memutuskan; tidak ada yang terbit dengan sendirinya.",
        "queue_none": "Belum ada yang bisa dikirim. Periksa dulu sebuah klaim.",
        "queue_failed": "Klaim yang gagal diperiksa tidak masuk antrean; coba periksa lagi.",
        "queue_off": "Antrean tidak tersambung di sini. Jalankan `saring serve`, lalu buka halaman obrolannya.",
        "queue_empty": "Belum ada klaim dari percakapan ini di antrean.",
        "queue_status": "Di antrean dari percakapan ini:",
        "greeting": "Halo. Kirim klaim, pertanyaan, artikel atau tautan; saya carikan bukti dan sebutkan sumbernya.",
        "thanks": "Sama-sama.",
        "fine": "Baik. Ada klaim lain yang ingin diperiksa?",
        "bye": "Sampai jumpa.",
        "help": "Saya Saring. Saya memeriksa klaim terhadap bukti yang tersimpan dan mengutip sumbernya; saya tidak "
        "menjawab dari ingatan.\n\n"
        "- Klaim atau pertanyaan ya/tidak: “Benarkah …?” atau cukup pernyataannya.\n"
        "- Pertanyaan siapa, kapan, di mana, berapa: saya kutipkan bagian sumber yang menjawab.\n"
        "- Artikel utuh atau tautan: saya periksa semua klaimnya.\n"
        "- Lanjutan: “tampilkan buktinya”, “dan menurut Reuters?”, “klaim kedua”, “sejak kapan?”, “kirim ke antrean”.",
        "refusal": "Itu di luar tugas saya. Saya memeriksa klaim terhadap bukti: kirim pernyataan, pertanyaan, artikel "
        "atau tautan yang ingin diperiksa.",
        "opinion": "Saya tidak berpendapat dan tidak menebak. Kirim pernyataan yang bisa dicocokkan dengan bukti, "
        "misalnya “X mengatakan Y pada tanggal Z”.",
        "orders": "Perintah kepada mesin dalam pesan ini dibaca sebagai teks biasa dan tidak dijalankan.",
        "empty": "Tidak ada teks untuk diperiksa. Tulis klaim atau pertanyaan dalam satu kalimat.",
        "unclear": "Apa tepatnya yang ingin diperiksa? Tulis sebagai kalimat lengkap: siapa melakukan apa, kapan.",
        "who": "Siapa yang dimaksud dengan “{word}”? Sebutkan namanya.",
        "which": "Siapa yang dimaksud dengan “{word}”: {names}?",
        "or": "atau",
        "too_long": "Teks ini {size} karakter; di obrolan paling banyak {most} sekaligus. Kirim bagian yang ingin "
        "diperiksa, atau periksa berkasnya dengan `saring check BERKAS`.",
        "broken": "Gagal, dan tidak ada yang dinilai: {message}",
        "broken_fetch": "Halaman itu tidak bisa dibaca: {message}. Tempelkan teks artikelnya di sini.",
        "internal": "kesalahan dalam Saring ({name}); coba lagi, dan laporkan bila terulang",
    },
    "en": {
        "sources": "Sources",
        "question": "Question",
        "claim": "Claim as I understand it",
        "yes": "Yes, by the evidence in the store.",
        "no": "No, by the evidence in the store.",
        "leans_yes": "The evidence in the store leans towards yes, but it is weak.",
        "leans_no": "The evidence in the store leans towards no, but it is weak.",
        "unsure": "The judge’s confidence is only {confidence}: read the quotes before you use this verdict.",
        "conflict": "The sources contradict each other.",
        "open": "This cannot be answered yet.",
        "failed": "This claim could not be checked; that says nothing about the claim.",
        "for": "In support",
        "against": "Against it",
        "near": "Closest, but it does not settle it",
        "shown": "Shown, not counted",
        "said_so": "That {who} said so: **{label}**. That it is so, without resting on that word: **{content}**.",
        "kind_opinion": "Note: this reads as an opinion; only the facts in it can be checked.",
        "kind_prediction": "Note: this reads as a prediction; only what is already known can be checked.",
        "missing": "What is missing",
        "missing_source": "a source that states or denies this claim",
        "missing_names": "nothing in the store mentions {names}",
        "look": "Where to look",
        "look_speaker": "the original statement of {who}",
        "look_outlet": "the own report of {who}",
        "look_fetch": "fact-checkers, news agencies and official documents. To fetch them into the store: `{command}`",
        "article": "I read this as an article and check all of it.",
        "page": "I fetch that page and check all of it.",
        "no_claims": "There is no claim in it that can be checked.",
        "not_checked": "{count} sentences are shown but not checked (opinions, predictions, questions).",
        "more_claims": "… and {count} more; ask by number, such as “claim {example}”.",
        "hint_article": "Ask for “claim 2”, “show the evidence” or “send claim 2 to the queue”.",
        "quoting": "I am quoting sources, not concluding:",
        "quoting_numbers": "The figures differ: mind who gives them, and when.",
        "asked_back": "An open question gets no label. Write it as a statement to have it checked.",
        "nothing": "Nothing in the store answers this, and I do not answer from memory.",
        "evidence": "Evidence",
        "evidence_none": "There is nothing to quote: no evidence in the store addresses this claim yet.",
        "evidence_after": "Nothing has been checked in this conversation yet. Write a claim or a question first.",
        "no_number": "There is no claim number {number}; there were {count} in what was checked last.",
        "since": "The oldest evidence in the store that {stance} this claim was published on {date}.",
        "since_none": "No dated evidence addresses this claim yet.",
        "outlet": "On this claim, from **{name}**:",
        "outlet_own": "its own report",
        "outlet_via": "through {publisher}",
        "outlet_none": "Nothing from {name} in the store addresses this claim, neither directly nor through others.",
        "outlet_note": "This is what one source says, not a verdict. The verdict on all evidence: **{label}**.",
        "outlet_unknown": "What would you like to know about {name}? Write it as a whole sentence, such as "
        "“Is it true that {name} …?”.",
        "why": "Why",
        "why_origins": "The verdict rests on {origins}; copies of one story count once.",
        "why_confidence": "The judge’s confidence is {confidence}. Fixed rules make the label of what each source "
        "says; the wording of the question has no say.",
        "queued": "Sent to the review queue: {count}.",
        "queued_hint": "People decide there; nothing is published by itself.",
        "queue_none": "There is nothing to send yet. Have a claim checked first.",
        "queue_failed": "A claim that could not be checked does not go into the queue; have it checked again.",
        "queue_off": "No review queue is connected here. Run `saring serve` and open its chat page.",
        "queue_empty": "No claim of this conversation is in the queue yet.",
        "queue_status": "In the queue, from this conversation:",
        "greeting": "Hello. Send a claim, a question, an article or a link; I look for evidence and name the sources.",
        "thanks": "You are welcome.",
        "fine": "Good. Is there another claim to check?",
        "bye": "Goodbye.",
        "help": "I am Saring. I check claims against the evidence in the store and quote its sources; I do not answer "
        "from memory.\n\n"
        "- A claim or a yes/no question: “Is it true that …?”, or just the statement.\n"
        "- Who, when, where, how many: I quote the passages that answer it.\n"
        "- A whole article or a link: I check every claim in it.\n"
        "- Then: “show the evidence”, “and according to Reuters?”, “the second claim”, “since when?”, “send it to the "
        "queue”.",
        "refusal": "That is not what I do. I check claims against evidence: send a statement, a question, an article "
        "or a link.",
        "opinion": "I hold no opinions and do not guess. Send a statement that can be held against evidence, such as "
        "“X said Y on date Z”.",
        "orders": "Orders to the machine in this message are read as plain text and not carried out.",
        "empty": "There is no text to check. Write a claim or a question in one sentence.",
        "unclear": "What exactly should be checked? Write a whole sentence: who did what, and when.",
        "who": "Who is meant by “{word}”? Give the name.",
        "which": "Who is meant by “{word}”: {names}?",
        "or": "or",
        "too_long": "This text has {size} characters; the chat takes at most {most} at once. Send the part to be "
        "checked, or check the file with `saring check FILE`.",
        "broken": "That failed, and nothing was judged: {message}",
        "broken_fetch": "That page cannot be read: {message}. Paste the text of the article here.",
        "internal": "a fault in Saring ({name}); try again, and report it if it happens again",
    },
}


def say(name: str, language: str, /, **values: object) -> str:
    """A sentence of the chat.

    Raises:
        KeyError: There is no such sentence, or one of its places is left empty.
    """
    text = _SAY.get(language, _SAY["en"])[name]
    return text.format(**values) if values else text
