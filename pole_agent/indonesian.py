"""What the checks say, in Indonesian. Keys of the configuration and names stay as they are; what is not in the table stays English.

A test walks through the sources and fails when a sentence of theirs is missing here.
"""

from __future__ import annotations

import functools
import re

# English with {} for what varies -> Indonesian with {0}, {1}, … in its own order.
TABLE = {
    # what the broker does
    "the broker refused the message: {} (reason code {})": "broker menolak pesan: {0} (kode alasan {1})",
    "the broker hangs up at this topic": "broker memutus sambungan pada topik ini",
    "the broker does not acknowledge this topic": "broker tidak mengakui topik ini",
    "the broker does not let us listen to {}": "broker tidak mengizinkan kami mendengarkan {0}",
    "the broker grants what we ask for and delivers nothing: our own status does not come back, so commands may not arrive either":
        "broker mengabulkan permintaan tetapi tidak mengirim apa pun: status kami sendiri tidak kembali, jadi perintah mungkin juga tidak sampai",
    "the broker speaks MQTT 3.1.1: a message that it refuses looks delivered; a command that is published retained while we listen "
    "looks ordinary; orders to fly are not sent, because they could not expire; no response topics; no pacing":
        "broker memakai MQTT 3.1.1: pesan yang ditolaknya tampak terkirim; perintah retained yang diterbitkan saat kami mendengarkan "
        "tampak biasa; perintah terbang tidak dikirim karena tidak dapat kedaluwarsa; tanpa topik jawaban; tanpa pengaturan laju",
    "the broker keeps no retained messages: who connects later sees neither status nor lamp until they change":
        "broker tidak menyimpan pesan retained: yang tersambung kemudian tidak melihat status maupun lampu sampai berubah",
    "the broker allows QoS 0 only and acknowledges nothing: events wait on the pole":
        "broker hanya mengizinkan QoS 0 dan tidak mengakui apa pun: peristiwa menunggu di tiang",
    "the connection was lost before the acknowledgement": "sambungan putus sebelum pengakuan",
    "not authorized": "tidak berhak", "Not authorized": "tidak berhak", "quota exceeded": "kuota terlampaui",
    # the file
    "cannot be read: {}; write one with: pole-agent init": "tidak dapat dibaca: {0}; buat dengan: pole-agent init",
    "cannot be read; write one with: pole-agent init": "tidak dapat dibaca; buat dengan: pole-agent init",
    "cannot be read; name the configuration with --config": "tidak dapat dibaca; sebutkan konfigurasi dengan --config",
    "is {} bytes long; it may have at most {}": "panjangnya {0} bita; paling banyak {1}",
    "is not UTF-8 text (byte {}); save it as UTF-8": "bukan teks UTF-8 (bita {0}); simpan sebagai UTF-8",
    "is UTF-16 text without a byte order mark; save it as UTF-8": "berupa teks UTF-16 tanpa penanda urutan bita; simpan sebagai UTF-8",
    "begins with a byte order mark or is UTF-16; save it as UTF-8 without a mark (ANSI)":
        "diawali penanda urutan bita atau berupa UTF-16; simpan sebagai UTF-8 tanpa penanda (ANSI)",
    "is empty; it holds the password, on one line": "kosong; isinya kata sandi, pada satu baris",
    "has several lines; a password is one line": "berisi beberapa baris; kata sandi hanya satu baris",
    "{}; this line holds {}": "{0}; baris ini berisi {1}",
    'a curly quote; write "': 'tanda kutip lengkung; tulis "',
    "a curly quote; write '": "tanda kutip lengkung; tulis '",
    "a byte order mark; delete it": "penanda urutan bita; hapus",
    "a space that does not break; write an ordinary one": "spasi yang tidak putus; tulis spasi biasa",
    "a space without width; delete it": "spasi tanpa lebar; hapus",
    '"{}": ~ is not filled in here; write the whole path, from / on': '"{0}": ~ tidak diisi di sini; tulis jalur lengkap, mulai dari /',
    '"{}": {} is not filled in here; write the whole path, from / on': '"{0}": {1} tidak diisi di sini; tulis jalur lengkap, mulai dari /',
    "is not valid TOML: {}": "bukan TOML yang sah: {0}",
    "is not valid TOML: {}{}": "bukan TOML yang sah: {0}{1}",
    "is not valid TOML: a key with too many dots (line {})": "bukan TOML yang sah: kunci dengan terlalu banyak titik (baris {0})",
    "is not a file": "bukan berkas",
    "holds a NUL character": "berisi karakter NUL",
    "{} is yet to come": "{0} belum terjadi",
    "is there already; --force replaces it, --out names another": "sudah ada; --force menggantinya, --out menyebut yang lain",
    "cannot be written: {}": "tidak dapat ditulis: {0}",
    "{} is no number; write it like {}": "{0} bukan angka; tulis seperti {1}",
    "{} is no port; write host or host:port": "{0} bukan port; tulis host atau host:port",
    "is required; where does the pole stand?": "wajib diisi; di mana tiang berdiri?",
    "was not answered; nothing is written": "tidak dijawab; tidak ada yang ditulis",
    # keys and values
    "unknown key; did you mean {}?": "kunci tidak dikenal; maksudnya {0}?",
    "{}; did you mean {}?": "{0}; maksudnya {1}?",
    "unknown key; known here: {}": "kunci tidak dikenal; yang dikenal di sini: {0}",
    "is required": "wajib diisi",
    "use letters, digits, _ and - only, 1 to 64 of them": "gunakan hanya huruf, angka, _ dan -, 1 sampai 64 buah",
    "a polygon has at least 3 points; this has {}": "poligon memiliki sekurangnya 3 titik; ini {0}",
    "input should be {}; given: {}": "harus {0}; diberikan: {1}",
    "greater than or equal to {}": "sekurangnya {0}",
    "less than or equal to {}": "paling banyak {0}",
    "greater than {}": "lebih dari {0}",
    "less than {}": "kurang dari {0}",
    "one of {}": "salah satu dari {0}",
    "a whole number": "bilangan bulat",
    "a number": "angka",
    "true or false": "true atau false",
    "text in quotes": "teks dalam tanda kutip",
    "a path in quotes": "jalur dalam tanda kutip",
    "a list": "daftar",
    "a table": "tabel",
    "is missing: a point has two numbers": "tidak ada: sebuah titik memiliki dua angka",
    "a point has two numbers; this has {}": "sebuah titik memiliki dua angka; ini {0}",
    "a list of at least {}; this has {}": "daftar sekurangnya {0}; ini {1}",
    "a list of at most {}; this has {}": "daftar paling banyak {0}; ini {1}",
    "holds a character that is not allowed here": "berisi karakter yang tidak diperbolehkan di sini",
    'is no size of a picture; write width and height like "640x480"': 'bukan ukuran gambar; tulis lebar dan tinggi seperti "640x480"',
    "unknown type of event; did you mean {}?": "jenis kejadian tidak dikenal; maksudnya {0}?",
    "unknown type of event; known here: {}": "jenis kejadian tidak dikenal; yang dikenal di sini: {0}",
    "unknown type of event{}": "jenis kejadian tidak dikenal{0}",
    "a finite number": "angka yang terhingga",
    "string should have at least {} character; given: {}": "teks sekurangnya {0} huruf; diberikan: {1}",
    "string should have at most {} characters; given: {}": "teks paling banyak {0} huruf; diberikan: {1}",
    # times and dates
    '{} is no time of day; write "22:00", "sunset" or "sunrise-00:15" (sunset, sunrise, dusk, dawn)':
        '{0} bukan waktu; tulis "22:00", "sunset" atau "sunrise-00:15" (sunset: matahari terbenam, sunrise: terbit, dusk: akhir senja, dawn: fajar)',
    '{} is no span; write "always", "sunset..sunrise" or "22:00..05:00"': '{0} bukan rentang; tulis "always", "sunset..sunrise" atau "22:00..05:00"',
    "{} lies in no night": "{0} tidak berada pada malam mana pun",
    "{}: give both dates a year, or neither": "{0}: beri tahun pada kedua tanggal, atau tidak sama sekali",
    "{} ends before it starts": "{0} berakhir sebelum dimulai",
    '{} is no date; write "2027-03-20", "08-17" (every year) or "12-24..01-02"': '{0} bukan tanggal; tulis "2027-03-20", "08-17" (setiap tahun) atau "12-24..01-02"',
    '{} in {} is no weekday; write "mon..fri", "sat,sun", of {}': '{0} di dalam {1} bukan nama hari; tulis "mon..fri", "sat,sun", dari {2}',
    '{} is no time zone; write one of the IANA names, for example "Asia/Jakarta"': '{0} bukan zona waktu; tulis nama IANA, misalnya "Asia/Jakarta"',
    # names that refer to each other
    'the name "{}" is used {} times': 'nama "{0}" dipakai {1} kali',
    '{}: the name "{}" is used {} times': '{0}: nama "{1}" dipakai {2} kali',
    "there are {} cameras; say which one: {}": "ada {0} kamera; sebutkan yang mana: {1}",
    'there is no {} "{}"; there is {}': 'tidak ada {0} "{1}"; yang ada {2}',
    'there is no camera "{}"; there is {}': 'tidak ada kamera "{0}"; yang ada {1}',
    'there is no zone "{}"; there is {}': 'tidak ada zona "{0}"; yang ada {1}',
    'there is no line "{}"; there is {}': 'tidak ada garis "{0}"; yang ada {1}',
    'there is no program "{}"; there is {}': 'tidak ada program "{0}"; yang ada {1}',
    'there is no program "{}"; it holds on every night that no calendar rule names': 'tidak ada program "{0}"; program itu berlaku pada setiap malam yang tidak disebut kalender',
    "there is no [[camera]] to look through": "tidak ada [[camera]] untuk melihat",
    "is true, but [drone] enabled is false": "bernilai true, tetapi [drone] enabled bernilai false",
    # rules and zones
    "the polygon has no area; give at least three points that are not on one line": "poligon tidak memiliki luas; beri sekurangnya tiga titik yang tidak segaris",
    '"from" and "to" are the same point': '"from" dan "to" adalah titik yang sama',
    'kind = "{}" needs line = "<name of a [[line]]>"': 'kind = "{0}" memerlukan line = "<nama sebuah [[line]]>"',
    'kind = "{}" watches a line; remove zone': 'kind = "{0}" mengamati garis; hapus zone',
    'kind = "{}" watches a zone; remove line': 'kind = "{0}" mengamati zona; hapus line',
    "min_height must be below max_height": "min_height harus lebih kecil dari max_height",
    'kind = "wrong_way" needs direction = "forward" or "backward": the way that is wrong': 'kind = "wrong_way" memerlukan direction = "forward" atau "backward": arah yang salah',
    # lamp
    "give pin or file, one of them": "beri pin atau file, salah satu",
    'file: write the whole path of "{}", from / on': 'file: tulis jalur lengkap "{0}", mulai dari /',
    "off_lux must be above on_lux: the lamp would switch to and fro between them": "off_lux harus di atas on_lux: bila tidak lampu akan hidup-mati di antaranya",
    "the hours must rise from point to point": "jam harus naik dari titik ke titik",
    "GPIO{} has no hardware PWM; use {}, or give pwm_device and pwm_channel": "GPIO{0} tidak memiliki PWM perangkat keras; gunakan {1}, atau beri pwm_device dan pwm_channel",
    "pwm_device and pwm_channel belong together; give both or none": "pwm_device dan pwm_channel berpasangan; beri keduanya atau tidak sama sekali",
    "{} and {} are both GPIO{}": "{0} dan {1} sama-sama GPIO{2}",
    'there is no GPIO chip on this machine (/dev/gpiochip*); for a bench without one set backend = "mock"':
        'tidak ada chip GPIO pada mesin ini (/dev/gpiochip*); untuk meja uji tanpa chip, atur backend = "mock"',
    'no PWM chip {} for GPIO{} (there is: {}); add {} to /boot/firmware/config.txt and restart, or set [lamp] backend = "gpio"':
        'tidak ada chip PWM {0} untuk GPIO{1} (yang ada: {2}); tambahkan {3} ke /boot/firmware/config.txt lalu nyalakan ulang, atau atur [lamp] backend = "gpio"',
    "{} cannot be driven: {}; may this user write there (group gpio, udev rule)?": "{0} tidak dapat dikendalikan: {1}; bolehkah pengguna ini menulis di sana (grup gpio, aturan udev)?",
    "{} does not obey: {}": "{0} tidak menurut: {1}",
    "lamp.active_low: is false; an undriven pin means a dark street": "lamp.active_low: bernilai false; pin yang tidak dikendalikan berarti jalan gelap",
    "lamp.pin: GPIO{} is pulled high at power-on: dark until the agent starts; use a pin from 9 to 27":
        "lamp.pin: GPIO{0} tinggi saat dinyalakan: gelap sampai agen berjalan; gunakan pin 9 sampai 27",
    "lamp.relay: GPIO{} switches the coil on, and the lamp off, while nobody drives it; see docs/wiring.md":
        "lamp.relay: GPIO{0} menghidupkan kumparan, dan mematikan lampu, selama tidak dikendalikan; lihat docs/wiring.md",
    "lamp.calendar[{}]: has neither days nor dates, so it holds always; the rules below it never do":
        "lamp.calendar[{0}]: tanpa hari maupun tanggal, jadi selalu berlaku; aturan di bawahnya tidak pernah",
    'lamp.program "{}": has {} steps at {}; the last one counts': 'lamp.program "{0}": memiliki {1} langkah pada {2}; yang terakhir berlaku',
    "lamp.floor: {} is below min_level, so the floor is {}": "lamp.floor: {0} di bawah min_level, jadi batas bawahnya {1}",
    "lamp.control[{}].level: a maximum of {} lies below the floor of {}": "lamp.control[{0}].level: batas atas {1} berada di bawah batas bawah {2}",
    "lamp.clo: the shares rise; a lamp gives less light as it ages": "lamp.clo: bagiannya naik; lampu makin redup seiring usia",
    # cameras, models, files
    "{} cannot be read": "{0} tidak dapat dibaca",
    "{} cannot be read; is the driver of the sensor loaded?": "{0} tidak dapat dibaca; apakah driver sensor dimuat?",
    "{} cannot be read; is the camera connected, are you in the group video?": "{0} tidak dapat dibaca; apakah kamera tersambung, apakah Anda di grup video?",
    "{}: the clip has no frame that can be read": "{0}: klip tidak memiliki gambar yang dapat dibaca",
    "{} cannot be written by this user (the service runs as its own)": "{0} tidak dapat ditulis pengguna ini (layanan berjalan sebagai penggunanya sendiri)",
    "the password of {} cannot be read from {}: {}": "kata sandi {0} tidak dapat dibaca dari {1}: {2}",
    "{}: given up": "{0}: dihentikan",
    "{}: there is no such file": "{0}: berkas tidak ada",
    "{} cannot be opened: {}": "{0} tidak dapat dibuka: {1}",
    'there is no model "{}"; shipped: {}; or give the path of a card (.toml)': 'tidak ada model "{0}"; yang disertakan: {1}; atau beri jalur sebuah kartu (.toml)',
    "{}: this is not the model of its card: sha256 is {}…, expected {}…; install it again, or write the new hash into the card if you changed the model on purpose":
        "{0}: ini bukan model dari kartunya: sha256 adalah {1}…, seharusnya {2}…; pasang ulang, atau tulis hash baru ke kartu bila model sengaja diganti",
    "{}: the model card cannot be read: {}": "{0}: kartu model tidak dapat dibaca: {1}",
    "{}: the model card lacks the key {}": "{0}: kartu model tidak memiliki kunci {1}",
    "{}: the model card is broken: {}": "{0}: kartu model rusak: {1}",
    "{}: the model cannot be read: {}": "{0}: model tidak dapat dibaca: {1}",
    "{}: input: this layout and dtype are not supported; supported: {}": "{0}: masukan: tata letak dan tipe ini tidak didukung; yang didukung: {1}",
    "camera[{}].masks[{}]: has no area; it covers no more than its outline": "camera[{0}].masks[{1}]: tidak memiliki luas; hanya garis luarnya yang tertutup",
    "camera: there is none; the lamp runs by its program": "camera: tidak ada; lampu berjalan menurut programnya",
    "is no address that can be read; write user and password as username and password_file, and an @ in a path as %40":
        "bukan alamat yang dapat dibaca; tulis pengguna dan kata sandi sebagai username dan password_file, dan @ di dalam jalur sebagai %40",
    # opening a camera
    "the camera answers, but gives no stream; check path, user and password_file, and that it sends H.264, H.265 or MJPEG":
        "kamera menjawab, tetapi tidak memberi aliran video; periksa jalur, pengguna, dan password_file, dan bahwa kamera mengirim H.264, H.265, atau MJPEG",
    "the device cannot be opened; is it a camera, and are you in the group video?": "perangkat tidak dapat dibuka; apakah itu kamera, dan apakah Anda di grup video?",
    "this is no video that OpenCV can read; is the file complete?": "ini bukan video yang dapat dibaca OpenCV; apakah berkasnya lengkap?",
    "the stream breaks off before anything can be measured": "aliran video terputus sebelum ada yang dapat diukur",
    "{}: cannot be read: {}": "{0}: tidak dapat dibaca: {1}",
    'the camera answers, but gives no stream; transport = "{}" is set: try "auto"; check path, user and password_file':
        'kamera menjawab, tetapi tidak memberi aliran video; transport = "{0}" diatur: coba "auto"; periksa jalur, pengguna, dan password_file',
    "{}: no data came for {} s; the stream broke off": "{0}: tidak ada data selama {1} detik; aliran video terputus",
    "{}: the camera sends us to another machine; write that address as source":
        "{0}: kamera mengalihkan ke mesin lain; tulis alamat itu sebagai source",
    "{}: this is the address of one picture, not of a stream; look for the camera's MJPEG or RTSP address":
        "{0}: ini alamat satu gambar, bukan aliran video; cari alamat MJPEG atau RTSP kamera",
    "the camera wants another user or password; check user and password_file":
        "kamera meminta pengguna atau kata sandi lain; periksa pengguna dan password_file",
    "the camera has no stream of that name; check the path": "kamera tidak memiliki aliran video bernama itu; periksa jalurnya",
    "the camera refuses (HTTP {}); has it another viewer, and may it have two?":
        "kamera menolak (HTTP {0}); apakah ada penonton lain, dan bolehkah dua?",
    "no picture for {} s, though the camera sends data: waiting for a key frame":
        "tidak ada gambar selama {0} detik, meski kamera mengirim data: menunggu gambar kunci",
    "{}: the clip breaks off after {} s of {} s; is the file complete?":
        "{0}: klip terputus setelah {1} detik dari {2} detik; apakah berkasnya lengkap?",
    "{}: is not open": "{0}: belum dibuka",
    "{}: no frame came for {} s": "{0}: tidak ada gambar selama {1} detik",
    "{}: no picture for {} s; the camera is blind": "{0}: tidak ada gambar selama {1} detik; kamera buta",
    "{}: nobody answers within {} s; is the camera on, and the address right?": "{0}: tidak ada jawaban dalam {1} detik; apakah kamera menyala, dan alamatnya benar?",
    "{}: the address cannot be read": "{0}: alamat tidak dapat dibaca",
    "{}: the camera has no stream of that name; check the path": "{0}: kamera tidak memiliki aliran video bernama itu; periksa jalurnya",
    "{}: the server does not answer in {}; is this the address of the camera's stream?": "{0}: server tidak menjawab dengan {1}; apakah ini alamat aliran video kamera?",
    "{}: the stream broke off": "{0}: aliran video terputus",
    "{}: the stream sends no picture": "{0}: aliran video tidak mengirim gambar",
    "{}: {}; is the camera on, and the address right?": "{0}: {1}; apakah kamera menyala, dan alamatnya benar?",
    # what a camera could do better, and what is wrong with its picture
    "the picture is a panorama of {}x{}: people in it are too small for one look, so it is looked at part by part in turn, each more rarely; a camera of its own for each view sees better":
        "gambar adalah panorama {0}x{1}: orang di dalamnya terlalu kecil untuk sekali lihat, jadi dilihat bagian demi bagian bergiliran, masing-masing lebih jarang; satu kamera untuk setiap arah melihat lebih baik",
    "the picture is {}x{} and models look at 416 at most: use the camera's sub-stream (about 720x576)":
        "ukuran gambar {0}x{1}, sedangkan model melihat paling banyak 416: gunakan sub-stream kamera (sekitar 720x576)",
    "the picture is only {}x{}: distant people may be missed; choose a larger stream if there is one":
        "ukuran gambar hanya {0}x{1}: orang yang jauh mungkin terlewat; pilih aliran video yang lebih besar bila ada",
    "decoding takes {} of a core: lower the camera's frame rate or size": "pembacaan video memakai {0} satu inti prosesor: turunkan laju atau ukuran gambar kamera",
    "the camera sends {} frames a second and {} are looked at: set the camera to {}": "kamera mengirim {0} gambar per detik dan {1} yang dilihat: atur kamera ke {2}",
    "only {} frames a second come, of the {} that are asked for: set fps lower, or the camera higher":
        "hanya {0} gambar per detik yang datang, dari {1} yang diminta: turunkan fps, atau naikkan pada kamera",
    "only {} frames a second come, of {}": "hanya {0} gambar per detik yang datang, dari {1}",
    "MJPEG takes ten times the network of H.264: choose H.264 if the camera can": "MJPEG memakai jaringan sepuluh kali H.264: pilih H.264 bila kamera mampu",
    "the codec {} is unusual for a camera; H.264 is what is tested": "codec {0} tidak lazim untuk kamera; yang diuji adalah H.264",
    "the picture is nearly black: is the lens covered, or the lamp off?": "gambar hampir hitam: apakah lensa tertutup, atau lampu padam?",
    "the picture is black": "gambar hitam",
    "the camera is blinded: {} of the picture is white": "kamera silau: {0} gambar putih",
    "the picture is blurred": "gambar kabur",
    "the camera shows another scene; was it turned?": "kamera menunjukkan pemandangan lain; apakah kamera terputar?",
    "picture shape changed from {} to {}: masks and zones may lie elsewhere": "bentuk gambar berubah dari {0} menjadi {1}: mask dan zona mungkin bergeser",
    '{}; when they are right, write picture = "{}"': '{0}; bila sudah benar, tulis picture = "{1}"',
    "the picture is frozen": "gambar membeku",
    "the clip has ended": "klip telah berakhir",
    # the nights of the coming year
    "lamp.floor: {} on the {} curve is {} of the light; is that enough?": "lamp.floor: {0} pada kurva {1} adalah {2} dari cahaya; apakah cukup?",
    "pole.timezone: {} is {} hours beside {}; is it the pole's?": "pole.timezone: {0} berbeda {1} jam dari {2}; apakah itu zona tiang ini?",
    "the sun of longitude {}": "matahari pada bujur {0}",
    'lamp.program "{}": burns in daylight from {} to {} on the day of {}{}': 'lamp.program "{0}": menyala di siang hari dari {1} sampai {2} pada hari {3}{4}',
    'lamp.program "{}": leaves the night of {}{} without light from {} to {}; {}':
        'lamp.program "{0}": membiarkan malam {1}{2} tanpa cahaya dari {3} sampai {4}; {5}',
    " and of {} more within a year": " dan {0} lainnya dalam setahun",
    "it stays dark": "tetap gelap",
    "the floor of {} is kept": "batas bawah {0} dipertahankan",
    # what the running agent says of itself
    # clock
    "no time server was heard since boot": "belum tersinkron dengan server waktu sejak menyala",
    "no time server was heard since boot after the clock jumped": "belum tersinkron dengan server waktu setelah jam melompat",
    "{}; times are provisional": "{0}; waktu bersifat sementara",
    '{}; times are provisional; if it is right, say so at the pole: "pole-agent clock accept"':
        '{0}; waktu bersifat sementara; bila benar, nyatakan di tiang: "pole-agent clock accept"',
    "chrony does not answer": "chrony tidak menjawab",
    "chrony has no source": "chrony tidak punya sumber waktu",
    "chrony follows the clock of this machine itself, and no source": "chrony mengikuti jam mesin ini sendiri, bukan sumber waktu",
    "chrony follows {}, which hears no real clock itself (stratum {})": "chrony mengikuti {0}, yang sendiri tidak mendengar jam sejati (stratum {1})",
    "chrony follows {}, and the clock is {} s away from it": "chrony mengikuti {0}, dan jam menyimpang {1} detik darinya",
    "chrony heard a source at a time that lies in the future": "chrony mendengar sumber pada waktu di masa depan",
    "chrony follows {} (stratum {})": "chrony mengikuti {0} (stratum {1})",
    "the flag of systemd-timesyncd lies in the future": "tanda systemd-timesyncd berada di masa depan",
    "the flag of systemd-timesyncd is of an earlier boot, or of another clock": "tanda systemd-timesyncd berasal dari nyala sebelumnya, atau dari jam lain",
    "systemd-timesyncd has set the clock by a time server": "systemd-timesyncd telah mengatur jam dari server waktu",
    "set from the clock chip at boot": "diatur dari chip jam saat menyala",
    "believed as it is (clock.trust)": "dipercaya apa adanya (clock.trust)",
    "the clock reads {}, which is before this release: it cannot be right": "jam menunjukkan {0}, sebelum rilis ini: tidak mungkin benar",
    "the clock reads {}, which is too far in the future to be right": "jam menunjukkan {0}, terlalu jauh di masa depan untuk benar",
    "the clock reads {}, which cannot be right; set it first: sudo timedatectl set-time": "jam menunjukkan {0}, tidak mungkin benar; atur dahulu: sudo timedatectl set-time",
    "the clock reads {}, which is behind: it was behind before the last start of this machine, and nobody has set it since":
        "jam menunjukkan {0}, tertinggal: ia sudah tertinggal sebelum mesin ini terakhir menyala, dan sejak itu tidak diatur",
    "the clock reads {}, which is behind the start of the certificate {}: it is {} at least":
        "jam menunjukkan {0}, sebelum awal berlaku sertifikat {1}: sekarang sekurangnya {2}",
    "the clock reads {}, which is behind the last known time: it is {} at least": "jam menunjukkan {0}, tertinggal dari waktu terakhir yang diketahui: sekarang sekurangnya {1}",
    "the clock reads {}, which is behind what is stored: it is {} at least": "jam menunjukkan {0}, tertinggal dari yang tersimpan: sekarang sekurangnya {1}",
    "the clock jumped by {} s; it is doubted for another {} minutes": "jam melompat {0} detik; diragukan selama {1} menit lagi",
    "the clock reads {}, and the certificate of the broker is not valid yet": "jam menunjukkan {0}, dan sertifikat broker belum berlaku",
    "the photocell has seen light for two hours around midnight by the clock: the clock or the photocell is wrong":
        "sensor cahaya melihat terang selama dua jam di sekitar tengah malam menurut jam: jam atau sensor salah",
    "the photocell has seen darkness for two hours around noon by the clock: the clock or the photocell is wrong":
        "sensor cahaya melihat gelap selama dua jam di sekitar tengah hari menurut jam: jam atau sensor salah",
    "this release": "rilis ini",
    "the last known time": "waktu terakhir yang diketahui",
    "what is stored": "yang tersimpan",
    "what it was behind before the last start": "ketertinggalannya sebelum terakhir menyala",
    "the board is too hot{}: the detector does {} of its work": "papan terlalu panas{0}: detektor hanya melakukan {1} pekerjaannya",
    "the new file is not used: {}": "berkas baru tidak dipakai: {0}",
    "the new file cannot be read: the disk does not answer": "berkas baru tidak dapat dibaca: disk tidak menjawab",
    "cannot be used: {}": "tidak dapat dipakai: {0}",
    "the lamp of {} cannot be driven: {}; {}": "lampu dari {0} tidak dapat dikendalikan: {1}; {2}",
    "the last good copy in {} is used": "salinan baik terakhir di {0} dipakai",
    "{}; the last good copy in {} is used": "{0}; salinan baik terakhir di {1} dipakai",
    "is not valid TOML: too deeply nested": "bukan TOML yang sah: terlalu dalam bersarang",
    "{} holds no certificate of an authority": "{0} tidak berisi sertifikat otoritas",
    "{}: ends in {} days, on {}; replace it": "{0}: berakhir dalam {1} hari, pada {2}; gantilah",
    "{}: it has ended; replace it now": "{0}: sudah berakhir; ganti sekarang",
    "it has ended; replace it now": "sudah berakhir; ganti sekarang",
    # broker
    "is no name or address of a host; port, username and password_file are keys of their own":
        "bukan nama atau alamat host; port, username, dan password_file adalah kunci tersendiri",
    "is more than a name or address of a host; write {}": "lebih dari nama atau alamat host; tulis {0}",
    "{}, and the login as username and password_file": "{0}, dan nama serta kata sandi sebagai username dan password_file",
    'host = "{}" and port = {}': 'host = "{0}" dan port = {1}',
    "cert_file and key_file belong together; give both or none": "cert_file dan key_file berpasangan; beri keduanya atau tidak sama sekali",
    "ca_file and cert_file belong to tls = true; with tls = false nobody would look at them": "ca_file dan cert_file hanya untuk tls = true; dengan tls = false tidak ada yang memeriksanya",
    "mqtt: there is no broker; events are kept on the pole only": "mqtt: tidak ada broker; kejadian hanya disimpan di tiang",
    "mqtt.tls: is false for {}; passwords and events can be read on the way": "mqtt.tls: bernilai false untuk {0}; kata sandi dan kejadian dapat dibaca di jalan",
    "metrics.host: {} is not the pole itself; whoever reaches it can read the numbers": "metrics.host: {0} bukan tiang itu sendiri; siapa yang mencapainya dapat membaca angkanya",
    "the status page is not part of this release; leave it false": "halaman status belum ada pada rilis ini; biarkan false",
    # drones
    "is no Ed25519 public key ({} bytes in base64); make one with: pole-agent drone key": "bukan kunci publik Ed25519 ({0} bita dalam base64); buat dengan: pole-agent drone key",
    "a time is given twice": "sebuah waktu ditulis dua kali",
    'approval = "automatic" asks nobody; remove [[drone.officer]], or write approval = "required"':
        'approval = "automatic" tidak bertanya kepada siapa pun; hapus [[drone.officer]], atau tulis approval = "required"',
    "alt_agl_m = {} is above max_alt_agl_m = {}": "alt_agl_m = {0} di atas max_alt_agl_m = {1}",
    "{} holds {} polygons; a geofence is one": "{0} berisi {1} poligon; pagar wilayah hanya satu",
    "is not JSON: {}": "bukan JSON: {0}",
    "is not GeoJSON (a FeatureCollection, a Feature or a Polygon), or has a feature without a geometry":
        "bukan GeoJSON (FeatureCollection, Feature atau Polygon), atau memiliki feature tanpa geometry",
    "holds no Polygon": "tidak berisi Polygon",
    "holds a {}, which is not an area: draw a Polygon instead, or take it out": "berisi {0}, yang bukan wilayah: gambar Polygon, atau keluarkan",
    "has a polygon without coordinates": "memiliki poligon tanpa koordinat",
    "has more than {} points": "memiliki lebih dari {0} titik",
    "has a ring of fewer than three points": "memiliki cincin kurang dari tiga titik",
    "has a point that is no [longitude, latitude]: {}": "memiliki titik yang bukan [bujur, lintang]: {0}",
    "drone.geofence: all its points lie on one line, so it has no area; {}": "drone.geofence: semua titiknya segaris, jadi tidak memiliki luas; {0}",
    "drone.geofence: the pole lies in it when latitude and longitude are swapped; as it is written, {}":
        "drone.geofence: tiang ada di dalamnya bila lintang dan bujur ditukar; seperti tertulis, {0}",
    "drone.geofence: the pole stands within {} m of its edge; {}": "drone.geofence: tiang berdiri dalam {0} m dari tepinya; {1}",
    "drone.geofence: the pole lies outside, {} km from its edge; {}": "drone.geofence: tiang ada di luarnya, {0} km dari tepinya; {1}",
    "drone.geofence: {} reach beyond it; its requests will be blocked": "drone.geofence: {0} melampauinya; permintaannya akan tertahan",
    "the {} m around the target of {}": "{0} m di sekitar sasaran {1}",
    "drone.exclusions: the pole stands in one, or at its edge; {}": "drone.exclusions: tiang berdiri di dalamnya, atau di tepinya; {0}",
    "drone.exclusions: the {} m around the target of {} touch one; its requests will be blocked":
        "drone.exclusions: {0} m di sekitar sasaran {1} menyentuhnya; permintaannya akan tertahan",
    "every request from this pole will be blocked by that gate": "setiap permintaan dari tiang ini akan tertahan oleh gerbang itu",
    "{}: the password in {} begins or ends with a space, which belongs to it; is that meant?":
        "{0}: kata sandi di {1} diawali atau diakhiri spasi, yang termasuk di dalamnya; apakah itu dimaksud?",
    "drone.geofence: is missing; every request will be blocked by that gate": "drone.geofence: tidak ada; setiap permintaan akan tertahan oleh gerbang itu",
    "drone.night_permit: is false; between sunset and sunrise every request will be blocked by that gate":
        "drone.night_permit: bernilai false; antara matahari terbenam dan terbit setiap permintaan akan tertahan oleh gerbang itu",
    'drone.approval: is "automatic", which is for simulation only; every message says so, and no real drone may obey':
        'drone.approval: bernilai "automatic", yang hanya untuk simulasi; setiap pesan menyatakannya, dan drone sungguhan tidak boleh menurut',
    "drone.officer: there is none; whoever may write to drone/approval at the broker may approve flights":
        "drone.officer: tidak ada; siapa yang boleh menulis ke drone/approval pada broker dapat menyetujui penerbangan",
    # what the operating system says
    "No such file or directory": "berkas atau folder tidak ada",
    "Permission denied": "akses ditolak",
    "Operation not permitted": "tidak diizinkan",
    "No space left on device": "disk penuh",
    "Disk quota exceeded": "kuota disk terlampaui",
    "Read-only file system": "sistem berkas hanya-baca",
    "Is a directory": "ini folder",
    "Not a directory": "bukan folder",
    "File exists": "berkas sudah ada",
    "File name too long": "nama berkas terlalu panjang",
    "Input/output error": "kesalahan baca-tulis",
    "Connection refused": "sambungan ditolak",
    "No route to host": "tidak ada rute ke host",
    "Network is unreachable": "jaringan tidak terjangkau",
    "Name or service not known": "nama tidak dikenal",
    "Temporary failure in name resolution": "nama tidak dapat dicari untuk sementara",
    # what the reader of TOML says
    "{} (at line {}, column {})": "{0} (pada baris {1}, kolom {2})",
    "{} (at end of document)": "{0} (pada akhir berkas)",
    "Invalid initial character for a key part": "karakter pertama kunci tidak sah",
    "Invalid value": "nilai tidak sah",
    "Found invalid character {}": "ada karakter tidak sah {0}",
    "Cannot declare {} twice": "{0} tidak boleh dinyatakan dua kali",
    "Expected ']' at the end of a table declaration": "seharusnya ada ']' pada akhir nama bagian",
    "Expected ']]' at the end of an array declaration": "seharusnya ada ']]' pada akhir nama bagian",
    "Cannot mutate immutable namespace {}": "{0} sudah lengkap dan tidak boleh ditambah",
    "Cannot redefine namespace {}": "{0} tidak boleh ditulis ulang",
    "Cannot overwrite a value": "kunci ini sudah ditulis sebelumnya",
    "Expected '=' after a key in a key/value pair": "seharusnya ada '=' setelah kunci",
    "Invalid hex value": "nilai heksadesimal tidak sah",
    "Escaped character is not a Unicode scalar value": "karakter dengan garis miring terbalik ini bukan karakter Unicode",
    "Expected newline or end of document after a statement": "seharusnya baris baru setelah pernyataan",
    "Unclosed array": "daftar tidak ditutup",
    "Duplicate inline table key {}": "kunci {0} ditulis dua kali di dalam kurung kurawal",
    "Unclosed inline table": "kurung kurawal tidak ditutup",
    "Unescaped '\\' in a string": "tanda '\\' di dalam teks harus ditulis dua kali",
    "Illegal character {}": "karakter {0} tidak boleh",
    "Expected {}": "seharusnya {0}",
    "Unterminated string": "teks tidak ditutup",
    "Invalid date or datetime": "tanggal atau waktu tidak sah",
    "Invalid statement": "pernyataan tidak sah",
    # the command line
    "{}: cannot be written: {}; try: sudo pole-agent clock accept": "{0}: tidak dapat ditulis: {1}; coba: sudo pole-agent clock accept",
    "unknown": "tidak diketahui",
    "no agent runs here ({}); start it with: pole-agent run --config …, or name its socket with --socket":
        "tidak ada agen yang berjalan di sini ({0}); jalankan dengan: pole-agent run --config …, atau sebutkan soketnya dengan --socket",
    "{}: this user may not talk to the agent; it takes the group pole-agent (sudo usermod -aG pole-agent $USER)":
        "{0}: pengguna ini tidak boleh berbicara dengan agen; perlu grup pole-agent (sudo usermod -aG pole-agent $USER)",
    "{}: the agent hung up": "{0}: agen memutus percakapan",
    "an agent runs already with {} (process {}); stop it first": "sudah ada agen yang berjalan dengan {0} (proses {1}); hentikan dahulu",
    "{} is not possible; give 1 to {}": "{0} tidak mungkin; beri 1 sampai {1}",
    "{} is not possible; give 1 to {} seconds": "{0} tidak mungkin; beri 1 sampai {1} detik",
    "{} cannot be written: {}": "{0} tidak dapat ditulis: {1}",
    "{}: there is no store; name the folder with --state-dir or the configuration with --config":
        "{0}: tidak ada penyimpanan; sebutkan foldernya dengan --state-dir atau konfigurasi dengan --config",
    "{} is no broker; write mqtt://host:port or mqtts://host:port": "{0} bukan broker; tulis mqtt://host:port atau mqtts://host:port",
    "goes with mqtts://": "hanya bersama mqtts://",
    "Mosquitto does not start on port {}; is the port in use? choose another with --port":
        "Mosquitto tidak dapat dimulai pada port {0}; apakah port terpakai? pilih yang lain dengan --port",
    "does not go with --once, which tells of one pole to the end of the clip": "tidak bersama --once, yang menceritakan satu tiang sampai akhir klip",
    "needs a broker: give --mqtt URL, or install Mosquitto": "perlu broker: beri --mqtt URL, atau pasang Mosquitto",
    "there is no [mqtt]: no broker keeps anything of this pole": "tidak ada [mqtt]: tidak ada broker yang menyimpan sesuatu dari tiang ini",
    "the agent runs here and would say everything again; stop it first": "agen berjalan di sini dan akan mengatakan semuanya lagi; hentikan dahulu",
    "the agent that runs here follows another configuration (conduct_sha256 {}); reload it, or name its --config":
        "agen yang berjalan di sini memakai konfigurasi lain (conduct_sha256 {0}); muat ulang, atau sebutkan --config miliknya",
    "is 1 or more; rows of frames (--mot, --detections) need it to be 1": "adalah 1 atau lebih; baris per gambar (--mot, --detections) perlu 1",
    "{}: the clip has no frame": "{0}: klip tidak memiliki gambar",
    "{}: too short to measure anything with; give a clip of {} frames or more": "{0}: terlalu pendek untuk mengukur; beri klip dengan {1} gambar atau lebih",
    "{}; choose one of: {}": "{0}; pilih salah satu: {1}",
    "say which camera; there is {}": "sebutkan kamera yang mana; yang ada {0}",
    "{}: name a .jpg or .png file": "{0}: sebutkan berkas .jpg atau .png",
    "{}: the picture cannot be encoded": "{0}: gambar tidak dapat dikodekan",
    "{}: the stream gives no picture": "{0}: aliran video tidak memberi gambar",
    "clear {} at the broker? [y/N] ": "hapus {0} di broker? [y/T] ",
    "nothing was changed": "tidak ada yang diubah",
    "cleared at the broker: {}": "dihapus di broker: {0}",
    "wrote {}; print it with a browser (A4)": "{0} ditulis; cetak dengan peramban (A4)",
    "no agent runs here; this is what the configuration says": "tidak ada agen yang berjalan di sini; inilah kata konfigurasi",
    "store {}: waiting {}; delivered and kept {}; dropped {}": "penyimpanan {0}: menunggu {1}; terkirim dan disimpan {2}; dibuang {3}",
    "last sequence {}; {} of {} MB used": "nomor terakhir {0}; {1} dari {2} MB terpakai",
    # the demo
    "pole-agent demo: a street clip, mock GPIO, {}": "demo pole-agent: klip jalan, GPIO tiruan, {0}",
    "broker in memory (no Mosquitto is installed here)": "broker di memori (Mosquitto tidak terpasang di sini)",
    "its own Mosquitto on {}": "Mosquitto sendiri di {0}",
    "broker {}": "broker {0}",
    "{} poles, DEMO-1 to DEMO-{}; told here is DEMO-1": "{0} tiang, DEMO-1 sampai DEMO-{1}; yang diceritakan di sini DEMO-1",
    "its clock starts at dusk, {}": "jamnya mulai saat senja, {0}",
    "real time, {} at the pole": "waktu sebenarnya, {0} di tiang",
    "real time, {} at the pole: the lamp stays off by day": "waktu sebenarnya, {0} di tiang: lampu padam pada siang hari",
    "to paste into another terminal:": "untuk ditempel di terminal lain:",
    "the wind is {} m/s now": "angin sekarang {0} m/s",
    "the order {} is accepted, approved by {}{}": "perintah {0} diterima, disetujui oleh {1}{2}",
    "the order {} is rejected: {}": "perintah {0} ditolak: {1}",
    "the flight {}: {}": "penerbangan {0}: {1}",
    "takes off": "lepas landas", "en route": "dalam perjalanan", "on scene": "di lokasi", "returns": "kembali", "landed": "mendarat",
    "summary": "ringkasan",
    "  people seen          {} (tracks; {} frames, detector ran on {})": "  orang terlihat       {0} (jejak; {1} gambar, detektor bekerja pada {2})",
    "  incidents            {} told at opening, {} closed": "  kejadian             {0} diberitahukan saat dibuka, {1} ditutup",
    "  lamp changes         {} (now {}, {})": "  perubahan lampu      {0} (sekarang {1}, {2})",
    "  drone requests       {} ({})": "  permintaan drone     {0} ({1})",
    "  messages delivered   {} events, each acknowledged by the broker ({})": "  pesan terkirim       {0} kejadian, masing-masing diakui broker ({1})",
    "  peak memory          {} MB": "  memori tertinggi     {0} MB",
    # cameras, to people
    "{}: {}, {}x{}, {} frames a second": "{0}: {1}, {2}x{3}, {4} gambar per detik",
    "decoding: {} ms of CPU a frame, {} of one core": "pembacaan: {0} ms CPU per gambar, {1} dari satu inti prosesor",
    "advice: {}": "saran: {0}",
    "nothing to improve": "tidak ada yang perlu diperbaiki",
    "{}: {}x{}, {}; for your eyes only": "{0}: {1}x{2}, {3}; hanya untuk Anda",
    "{} zone(s), {} line(s), {} mask(s)": "{0} zona, {1} garis, {2} penutup",
    "picture shape changed from {} to {}x{}: masks and zones may lie elsewhere; masks cover all places":
        "bentuk gambar berubah dari {0} menjadi {1}x{2}: penutup dan zona mungkin bergeser; penutup menutup semua tempat",
    'when they are right for this picture, write picture = "{}x{}" in [[camera]] "{}"':
        'bila sudah benar untuk gambar ini, tulis picture = "{0}x{1}" pada [[camera]] "{2}"',
    "{}; is it on this network, and is ONVIF switched on in its settings?": "{0}; apakah di jaringan ini, dan apakah ONVIF dinyalakan pada pengaturannya?",
    "no ONVIF camera answered within {} s": "tidak ada kamera ONVIF yang menjawab dalam {0} detik",
    "{}: a camera": "{0}: sebuah kamera",
    "  its clock is {} s off; set a time server in its settings": "  jamnya meleset {0} detik; atur server waktu pada pengaturannya",
    "  {} {}x{} at {}: {}{}": "  {0} {1}x{2} pada {3}: {4}{5}",
    "  <- take this one": "  <- pakai yang ini",
    "looking for cameras needs two libraries: pip install onvif-zeep-async WSDiscovery":
        "mencari kamera perlu dua pustaka: pip install onvif-zeep-async WSDiscovery",
    # the lamp, to people
    "lamp {} at {}, because of {}{}": "lampu {0} pada {1}, karena {2}{3}",
    " until {} ({})": " sampai {0} ({1})",
    " for another {}": " selama {0} lagi",
    "override to {} ({}) by {}{}{}": "perintah ke {0} ({1}) oleh {2}{3}{4}",
    "somebody unknown": "seseorang yang tidak dikenal",
    ", because: {}": ", karena: {0}",
    "end it with: {}": "akhiri dengan: {0}",
    "program: {}; see it with: {}": "program: {0}; lihat dengan: {1}",
    "program: {}": "program: {0}",
    'program: unknown, because {}; on a bench without one set [clock] trust = "system"':
        'program: tidak diketahui, karena {0}; pada meja uji tanpa server atur [clock] trust = "system"',
    "program: unknown, because {}; see: {}": "program: tidak diketahui, karena {0}; lihat: {1}",
    "no time server was heard": "belum tersinkron dengan server waktu",
    "{}; given: {}": "{0}; diberikan: {1}",
    "its capture, by the camera's stamps": "pengambilannya, menurut cap waktu kamera",
    "its arrival: the stream has no stamps that can be used": "kedatangannya: aliran tidak memiliki cap waktu yang dapat dipakai",
    "the stamps in the file": "cap waktu di dalam berkas",
    "a count: the file has no stamps that can be used": "hitungan: berkas tidak memiliki cap waktu yang dapat dipakai",
    "the time of a frame is that of {}; RTSP over {}": "waktu sebuah gambar adalah {0}; RTSP lewat {1}",
    "the time of a frame is that of {}": "waktu sebuah gambar adalah {0}",
    "the time of a frame is that of {}{}": "waktu sebuah gambar adalah {0}{1}",
    "none seen": "tidak terlihat",
    "faults: {}": "gangguan: {0}",
    "faults: {}; unknown without a sensor: {}": "gangguan: {0}; tidak diketahui tanpa sensor: {1}",
    "somebody is seen, so it shines brighter than what you set; --fixed lets nobody raise it: {}":
        "ada orang terlihat, jadi lampu lebih terang daripada yang Anda atur; dengan --fixed kehadiran tidak menaikkannya: {0}",
    "{} h of light, {} times switched on, {} times powered": "{0} jam menyala, {1} kali dinyalakan, {2} kali mendapat daya",
    "{} kWh, estimated from rated power and duty cycle": "{0} kWh, taksiran dari daya terpasang dan siklus kerja",
    "the agent ramps the lamp for {} s, then it goes on as before": "agen menguji lampu selama {0} detik, lalu kembali seperti semula",
    "no agent runs here: the lamp is driven directly, and let go at the end":
        "tidak ada agen yang berjalan di sini: lampu dikendalikan langsung, dan dilepas pada akhirnya",
    "the lamp is let go: with the reference wiring it is lit": "lampu dilepas: dengan pengawatan acuan ia menyala",
    "{} s  duty cycle {}": "{0} dtk  siklus kerja {1}",
    "an agent runs here and drives the lamp; stop it first, or use: pole-agent lamp on":
        "agen berjalan di sini dan mengendalikan lampu; hentikan dahulu, atau gunakan: pole-agent lamp on",
    "{} lies at the edge of the calendar; name another date": "{0} berada di tepi kalender; sebutkan tanggal lain",
    "  warning: the program leaves a part of this night without light": "  peringatan: program membiarkan sebagian malam ini tanpa cahaya",
    "  warning: the program leaves a part of this night without light; the floor of {} is kept":
        "  peringatan: program membiarkan sebagian malam ini tanpa cahaya; batas bawah {0} dipertahankan",
    'night of {} to {}, program "{}" ({})': 'malam {0} sampai {1}, program "{2}" ({3})',
    "sunset {}  dusk {}  dawn {}  sunrise {}": "matahari terbenam {0}  akhir senja {1}  fajar {2}  matahari terbit {3}",
    "the sun does not set": "matahari tidak terbenam",
    "the sun does not rise": "matahari tidak terbit",
    "        # light   . the sun is down   (presence, overrides and controls come on top)":
        "        # cahaya   . matahari di bawah ufuk   (kehadiran, perintah, dan kendali menambahnya)",
    "  {}   (as before)": "  {0}   (seperti sebelumnya)",
    "  {} h of light, as much as {} h of full light: about {} Wh of {} W":
        "  {0} jam menyala, setara {1} jam terang penuh: sekitar {2} Wh dari {3} W",
    # why
    "{} is no time; write \"02:13\" or \"2026-11-24T02:13\"": "{0} bukan waktu; tulis \"02:13\" atau \"2026-11-24T02:13\"",
    "{} is none; write its first four characters at least": "{0} bukan pengenal; tulis sekurangnya empat karakter pertamanya",
    "nothing is kept of the lamp now": "belum ada catatan tentang lampu",
    "nothing is kept of the lamp from before {}": "tidak ada catatan tentang lampu dari sebelum {0}",
    "The clock was not trusted when that was written: the time may be wrong.": "Jam tidak dipercaya saat itu ditulis: waktunya mungkin salah.",
    "It was started again {}.": "Agen dimulai lagi {0}.",
    "Now the agent does not run: it was stopped {}. The wiring decided: lit, where it is the reference's.":
        "Sekarang agen tidak berjalan: dihentikan {0}. Pengawatan yang menentukan: menyala, bila sesuai acuan.",
    "At {} the agent did not run: it was stopped {}. The wiring decided: lit, where it is the reference's.":
        "Pada {0} agen tidak berjalan: dihentikan {1}. Pengawatan yang menentukan: menyala, bila sesuai acuan.",
    "Now the lamp is at {}, by {}, since {}.": "Sekarang lampu pada {0}, oleh {1}, sejak {2}.",
    "At {} the lamp was at {}, by {}, since {}.": "Pada {0} lampu pada {1}, oleh {2}, sejak {3}.",
    "The agent does not run now; when it last wrote, the lamp was at {}, by {}, since {}.":
        "Agen sekarang tidak berjalan; saat terakhir menulis, lampu pada {0}, oleh {1}, sejak {2}.",
    "Some time after that the agent ended without a word, by a power cut perhaps. Then the wiring decided.":
        "Sesudah itu agen berhenti tanpa pesan, mungkin karena listrik padam. Maka pengawatan yang menentukan.",
    "an unknown level": "tingkat yang tidak diketahui",
    "not trusted: {}": "tidak dipercaya: {0}",
    "it is dark by day: the clock or the photocell is wrong, and the lamp is lit":
        "gelap pada siang hari: jam atau sensor cahaya salah, dan lampu menyala",
    "unknown, for want of a clock or a program: failsafe level {}": "tidak diketahui, tanpa jam atau program: tingkat pengaman {0}",
    '"{}" asks for {}': '"{0}" meminta {1}',
    "it is dark": "gelap",
    "it is dark, and deep night": "gelap, dan malam penuh",
    "it is day": "siang",
    "whether it is dark is unknown": "tidak diketahui apakah gelap",
    "{} holds": "{0} berlaku",
    "{} does not bind by day": "{0} tidak mengikat pada siang hari",
    "{} by {}{}, at the pole, presence may raise it": "{0} oleh {1}{2}, di tiang, kehadiran boleh menaikkannya",
    "{} by {}{}, at the pole, whatever presence says": "{0} oleh {1}{2}, di tiang, apa pun kata kehadiran",
    "{} by {}{}, from outside, presence may raise it": "{0} oleh {1}{2}, dari luar, kehadiran boleh menaikkannya",
    "{} by {}{}, from outside, whatever presence says": "{0} oleh {1}{2}, dari luar, apa pun kata kehadiran",
    "nobody by name": "tanpa nama",
    "none": "tidak ada",
    "nobody": "tidak ada",
    "{} raises it to {}": "{0} menaikkannya ke {1}",
    "at least {}": "sekurangnya {0}",
    "at most {}": "paling tinggi {0}",
    "{} incidents that are kept begin with {}; see: pole-agent outbox list": "{0} kejadian tersimpan diawali {1}; lihat: pole-agent outbox list",
    '{} by rule "{}", camera "{}", {} "{}", a {}.': '{0} menurut aturan "{1}", kamera "{2}", {3} "{4}", {5}.',
    "{}, count {}, dwell {} s, active {} (as it is configured now)": "{0}, jumlah {1}, lama {2} detik, aktif {3} (menurut konfigurasi sekarang)",
    "is not configured any more": "tidak ada lagi dalam konfigurasi",
    " (the clock was not trusted)": " (jam tidak dipercaya)",
    "{}, tracks {}": "{0}, jejak {1}",
    "after {} s, at most {} at once, ended: {}": "setelah {0} detik, paling banyak {1} sekaligus, berakhir: {2}",
    "it is still open": "masih terbuka",
    "true, said {}": "benar, kata {0}",
    "false, said {}": "salah, kata {0}",
    "nobody has said whether it was true": "belum ada yang mengatakan apakah itu benar",
    # drone requests, to people
    "{} requests begin with {}; see: pole-agent drone list": "{0} permintaan diawali {1}; lihat: pole-agent drone list",
    "is required without a terminal: the name of the person who decides": "wajib tanpa terminal: nama orang yang memutuskan",
    "goes with --key: the officer, as the pole knows the key": "bersama --key: petugas, seperti kuncinya dikenal tiang",
    "is a name of 1 to 100 characters on one line": "adalah nama 1 sampai 100 karakter dalam satu baris",
    "this is no message of drone/request or info of a pole (it has no key \"pole\")":
        "ini bukan pesan drone/request atau info sebuah tiang (tidak ada kunci \"pole\")",
    "the message names no patrol {}; it is the info message of the pole, with {}": "pesan tidak menyebut patroli {0}; pakai pesan info tiang itu, dengan {1}",
    'is a time with its zone, for example "2027-01-01T00:00:00Z"': 'adalah waktu dengan zonanya, misalnya "2027-01-01T00:00:00Z"',
    "{} is over": "{0} sudah lewat",
    "it is no JSON object": "bukan objek JSON",
    "{}: cannot be read as a message: {}": "{0}: tidak dapat dibaca sebagai pesan: {1}",
    "this is no info message of a pole (its patrols cannot be read)": "ini bukan pesan info sebuah tiang (patrolinya tidak dapat dibaca)",
    "this is no message of drone/request ({} is missing or wrong)": "ini bukan pesan drone/request ({0} tidak ada atau salah)",
    "{}: is no private key of pole-agent drone key: {}": "{0}: bukan kunci privat dari pole-agent drone key: {1}",
    "{}, to {}, within {} m, {} m high, {}.": "{0}, ke {1}, dalam {2} m, setinggi {3} m, {4}.",
    "It is a simulation: nothing may fly.": "Ini simulasi: tidak boleh ada yang terbang.",
    "{}, by {}": "{0}, oleh {1}",
    "gates, as they were asked last:": "gerbang, seperti terakhir diperiksa:",
    "value {}, limit {}, from {}": "nilai {0}, batas {1}, dari {2}",
    "{} s old": "{0} detik yang lalu",
    # why a gate is shut
    "the pole's clock is not trusted": "jam tiang tidak dipercaya",
    "its time is over": "waktunya sudah habis",
    "the request was made before a restart, and without a trusted clock its age is unknown":
        "permintaan dibuat sebelum mulai ulang, dan tanpa jam yang dipercaya umurnya tidak diketahui",
    "whether flights are stopped could not be read": "tidak dapat dibaca apakah penerbangan dihentikan",
    "all flights are stopped by {}": "semua penerbangan dihentikan oleh {0}",
    "no geofence is configured": "tidak ada pagar wilayah dalam konfigurasi",
    "the target, {} m around, is not within the geofence": "sasaran, {0} m sekelilingnya, tidak berada di dalam pagar wilayah",
    "an exclusion lies within {} m of the target": "ada wilayah terlarang dalam {0} m dari sasaran",
    "{} m above ground is more than {} m": "{0} m di atas tanah lebih dari {1} m",
    "the last flight was ordered less than {} s ago": "penerbangan terakhir diperintahkan kurang dari {0} detik yang lalu",
    "{} comes first": "{0} didahulukan",
    "there is no permit to fly at night (drone.night_permit)": "tidak ada izin terbang malam (drone.night_permit)",
    "{} is unknown: {}": "{0} tidak diketahui: {1}",
    "nothing was heard of it": "belum ada kabar",
    "its time lies in the future": "waktunya ada di masa depan",
    "what was heard is {} s old": "kabar terakhir {0} detik yang lalu",
    "{} {}, allowed {} {}": "{0} {1}, yang diizinkan {2} {3}",
    "{} {}, allowed at most {}": "{0} {1}, yang diizinkan paling tinggi {2}",
    "{} {}, allowed at least {}": "{0} {1}, yang diizinkan sekurangnya {2}",
    "{} {}, allowed is {}": "{0} {1}, yang diizinkan {2}",
    "wind": "angin", "rain": "hujan", "temperature": "suhu", "battery": "baterai", "dock": "stasiun", "maintenance": "pemeliharaan",
    # commands that were refused
    '"by" is required: the name of the person who decides, at most 100 characters on one line':
        '"by" wajib: nama orang yang memutuskan, paling banyak 100 karakter dalam satu baris',
    '"decision" is one of {}': '"decision" salah satu dari {0}',
    '"request_id" is required': '"request_id" wajib diisi',
    '"status" is one of {}': '"status" salah satu dari {0}',
    '"stop" is true (no flight any more) or false': '"stop" bernilai true (tidak ada penerbangan lagi) atau false',
    '"until" belongs to the standing approval of a patrol; give "patrol" instead of "request_id"':
        '"until" milik persetujuan tetap sebuah patroli; beri "patrol" sebagai ganti "request_id"',
    '"{}" is a text of at most {} characters': '"{0}" adalah teks paling banyak {1} karakter',
    'a standing approval needs "until", for example "2027-01-01T00:00:00Z"': 'persetujuan tetap perlu "until", misalnya "2027-01-01T00:00:00Z"',
    'give "request_id" for one flight, or "patrol" (the name of a plan) for all of them':
        'beri "request_id" untuk satu penerbangan, atau "patrol" (nama rencana) untuk semuanya',
    "give brightness (0 to 255) or level (0 to 1), not both": "beri brightness (0 sampai 255) atau level (0 sampai 1), jangan keduanya",
    "give state, brightness (0 to 255) or level (0 to 1)": "beri state, brightness (0 sampai 255) atau level (0 sampai 1)",
    'mode is "adaptive" (presence may still raise the lamp) or "fixed"': 'mode adalah "adaptive" (kehadiran boleh menaikkan lampu) atau "fixed"',
    "reason is a text of at most 200 characters": "reason adalah teks paling banyak 200 karakter",
    "send {} alone": "kirim {0} saja",
    'state "OFF" and a level above 0 contradict each other': 'state "OFF" dan level di atas 0 bertentangan',
    'state is "ON" or "OFF"': 'state adalah "ON" atau "OFF"',
    'to go back to the program send {"resume": true} alone': 'untuk kembali ke program kirim {{"resume": true}} saja',
    "unknown key {}; a lamp command has {}": "kunci {0} tidak dikenal; perintah lampu memiliki {1}",
    "unknown key {}; known here: {}": "kunci {0} tidak dikenal; yang dikenal di sini: {1}",
    "{} is a number from {} to {}": "{0} adalah angka dari {1} sampai {2}",
    "a request that is {} does not take {} any more": "permintaan berstatus {0} tidak lagi menerima {1}",
    "an approval": "persetujuan", "a denial": "penolakan", "a cancel": "pembatalan",
    "its time is over; {}": "waktunya sudah habis; {0}",
    "the broker has not acknowledged it within {} s": "broker tidak mengakuinya dalam {0} detik",
    "the clock is not trusted: no patrol is asked for": "jam tidak dipercaya: tidak ada patroli yang diminta",
    "the signature is not of {} over this request as this pole knows it": "tanda tangan ini bukan milik {0} atas permintaan ini seperti dikenal tiang",
    "this approval was used before": "persetujuan ini sudah pernah dipakai",
    "{} is no wall time": "{0} bukan waktu",
    "{} is no time; write for example {}": "{0} bukan waktu; tulis misalnya {1}",
    "there is no request {}": "tidak ada permintaan {0}",
    "the request is blocked: {}": "permintaan tertahan: {0}",
    "the request is {}; call the drone back": "permintaan berstatus {0}; panggil kembali drone",
    "the decision cannot be kept: {}": "keputusan tidak dapat disimpan: {0}",
    "it stays stopped for now: the disk does not work: {}": "tetap dihentikan untuk sementara: disk tidak bekerja: {0}",
    "the requests cannot be read: {}": "permintaan tidak dapat dibaca: {0}",
    "the requests cannot be read yet: {}; this is remembered, and the dispatcher is told":
        "permintaan belum dapat dibaca: {0}; ini diingat, dan pengendali diberi tahu",
    '"at" lies in the future; check the clocks': '"at" ada di masa depan; periksa jamnya',
    "this pole has no patrol {}; it has {}": "tiang ini tidak memiliki patroli {0}; yang ada {1}",
    "the pole's clock is not trusted; until when the approval holds is unknown": "jam tiang tidak dipercaya; tidak diketahui sampai kapan persetujuan berlaku",
    '"until" lies in the future, at most a year from now': '"until" ada di masa depan, paling lama setahun dari sekarang',
    "the approvals that were used before could not be read: no signed standing approval until {}":
        "persetujuan yang pernah dipakai tidak dapat dibaca: tidak ada persetujuan tetap bertanda tangan sampai {0}",
    "a flight changes between in_progress and paused at most once a second; say it again":
        "penerbangan berganti antara in_progress dan paused paling banyak sekali per detik; kirim lagi",
    "this pole takes signed approvals only; sign with: pole-agent drone sign": "tiang ini hanya menerima persetujuan bertanda tangan; tanda tangani dengan: pole-agent drone sign",
    '"signature" has a nonce, expires_at and a value; sign with: pole-agent drone sign': '"signature" berisi nonce, expires_at, dan value; tanda tangani dengan: pole-agent drone sign',
    "the nonce of a signature has 16 to 64 letters, digits, - or _": "nonce sebuah tanda tangan berisi 16 sampai 64 huruf, angka, - atau _",
    "expires_at of a signature is a time in RFC 3339": "expires_at sebuah tanda tangan adalah waktu menurut RFC 3339",
    "the value of a signature is {} bytes in base64": "value sebuah tanda tangan adalah {0} bita dalam base64",
    "{} is none of the officers of this pole": "{0} bukan salah satu petugas tiang ini",
    "the pole's clock is not trusted; whether the approval still holds is unknown": "jam tiang tidak dipercaya; tidak diketahui apakah persetujuan masih berlaku",
    "the approval has expired, or holds for longer than a day": "persetujuan sudah kedaluwarsa, atau berlaku lebih dari sehari",
}  # fmt: skip
SEVERAL_TOPICS = re.compile(r"; (?=\S+: the broker )")  # each with its own reason
DEEPEST = 6  # sentences within sentences
MOST = 2000  # characters of a sentence that is looked at


@functools.lru_cache(maxsize=1)
def _sentences() -> list[tuple[list[str], str]]:
    # The most definite first: what has the most fixed text.
    ordered = sorted(TABLE, key=lambda en: -len(en.replace("{}", "")))
    return [(en.split("{}"), TABLE[en]) for en in ordered]


def _varying(fixed: list[str], text: str) -> list[str] | None:
    """What stands between the fixed parts, each as short as it can be; None where the sentence is another. In linear time."""
    first, *middle, last = fixed if len(fixed) > 1 else (*fixed, "")
    if len(fixed) == 1:
        return [] if text == first else None
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last):
        return None
    found = []
    for part in middle:
        next_at = text.find(part, at + 1, end)
        if next_at < 0:
            return None
        found.append(text[at:next_at])
        at = next_at + len(part)
    return [*found, text[at:end]] if at < end else None


def spoken(text: str, language: str) -> str:
    """An English sentence in the language of the user."""
    return translate(text) if language == "id" else text


def translate(text: str, deep: int = DEEPEST) -> str:
    """The sentence in Indonesian, as far as it is known; parts that vary may be sentences of their own."""
    if len(text) > MOST or not deep:
        return text
    if len(topics := SEVERAL_TOPICS.split(text)) > 1:
        return "; ".join(translate(topic, deep) for topic in topics)
    whole, (head, colon, tail) = _known(text, deep), text.partition(": ")
    # A key or file may stand before a sentence: then the more definite one of the two counts.
    rest = _known(tail, deep) if colon and " " not in head else None
    if whole and not (rest and rest[0] > whole[0]):
        return whole[1]
    if colon and " " not in head:
        return f"{head}: {rest[1] if rest else translate(tail, deep - 1)}"
    return text


def _known(text: str, deep: int) -> tuple[int, str] | None:
    """How much of the sentence is fixed, and the sentence in Indonesian."""
    for fixed, template in _sentences():
        if (varying := _varying(fixed, text)) is not None:
            said = template.format(*(translate(part, deep - 1) if part != text else part for part in varying))
            return sum(map(len, fixed)), said
    return None
