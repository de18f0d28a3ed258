"""What the checks say, in Indonesian. Keys of the configuration and names stay as they are; what is not in the table stays English.

A test walks through the sources and fails when a sentence of theirs is missing here.
"""

from __future__ import annotations

import functools
import re

# English with {} for what varies -> Indonesian with {0}, {1}, … in its own order.
TABLE = {
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
    "{}: unknown type of event; did you mean {}?": "{0}: jenis kejadian tidak dikenal; maksudnya {1}?",
    "{}: unknown type of event": "{0}: jenis kejadian tidak dikenal",
    "{}; known are {}, and types like {}": "{0}; yang dikenal {1}, dan jenis seperti {2}",
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
    "the picture is {} lines high and models look at 416 at most: use the camera's sub-stream (about 720x576)":
        "tinggi gambar {0} baris, sedangkan model melihat paling banyak 416: gunakan sub-stream kamera (sekitar 720x576)",
    "the picture is only {} lines high: distant people may be missed; choose a larger stream if there is one":
        "tinggi gambar hanya {0} baris: orang yang jauh mungkin terlewat; pilih aliran video yang lebih besar bila ada",
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
}  # fmt: skip
MOST = 2000  # characters of a sentence that is looked at


@functools.lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    # The most definite first: what has the most fixed text.
    ordered = sorted(TABLE, key=lambda en: -len(en.replace("{}", "")))
    return [(re.compile("(.+?)".join(map(re.escape, en.split("{}"))), re.DOTALL), TABLE[en]) for en in ordered]


def translate(text: str) -> str:
    """The sentence in Indonesian, as far as it is known; parts that vary may be sentences of their own."""
    if len(text) > MOST:
        return text
    for pattern, template in _patterns():
        if match := pattern.fullmatch(text):
            return template.format(*(translate(group) if group != text else group for group in match.groups()))
    head, colon, tail = text.partition(": ")
    if colon and " " not in head:
        return f"{head}: {translate(tail)}"
    return text
