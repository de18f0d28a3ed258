"""Every sentence in Indonesian. Keys of the configuration and names stay as they are."""

from __future__ import annotations

LOCALES = ("ind", "indonesian")

PHRASES = {
    # settings
    "at-key": "{key}: {problem}",
    "joined": "{first}; {rest}",
    "invalid-time-of-day": (
        '{text} bukan waktu; tulis "22:00", "sunset" atau "sunrise-00:15" (sunset: matahari terbenam, '
        "sunrise: terbit, dusk: akhir senja, dawn: fajar)"
    ),
    "no-night-at": "{time} tidak berada pada malam mana pun",
    "invalid-time-span": '{text} bukan rentang; tulis "always", "sunset..sunrise" atau "22:00..05:00"',
    "weekday-invalid": '{word} di dalam {text} bukan nama hari; tulis "mon..fri", "sat,sun", dari {known}',
    "dates-year-mismatch": "{text}: beri tahun pada kedua tanggal, atau tidak sama sekali",
    "dates-reversed": "{text} berakhir sebelum dimulai",
    "date-invalid": '{text} bukan tanggal; tulis "2027-03-20", "08-17" (setiap tahun) atau "12-24..01-02"',
    "advice-no-broker": "mqtt: tidak ada broker; kejadian hanya disimpan di tiang",
    "advice-no-tls": "mqtt.tls: bernilai false untuk {host}; kata sandi dan kejadian dapat dibaca di jalan",
    "advice-metrics-host": (
        "metrics.host: {host} bukan tiang itu sendiri; siapa yang mencapainya dapat membaca angkanya"
    ),
    "advice-active-low": "lamp.active_low: bernilai false; pin yang tidak dikendalikan berarti jalan gelap",
    "advice-pulled-high": (
        "lamp.pin: GPIO{pin} tinggi saat dinyalakan: gelap sampai agen berjalan; gunakan pin 9 sampai 27"
    ),
    "advice-relay": (
        "lamp.relay: GPIO{pin} menghidupkan kumparan, dan mematikan lampu, selama tidak dikendalikan; lihat "
        "docs/wiring.md"
    ),
    "advice-flat-mask": (
        "camera[{camera}].masks[{mask}]: tidak memiliki luas; hanya garis luarnya yang tertutup"
    ),
    "advice-many-alarms": "rule: aturan alarm tiang ini bersama-sama dapat mengirim {most} alarm per jam;"
    " seorang operator sanggup sekitar {share} dari semua tiang (EEMUA 191); turunkan max_alarms_per_h atau"
    " severity",
    "advice-no-camera": "camera: tidak ada; lampu berjalan menurut programnya",
    "advice-no-fence": "drone.geofence: tidak ada; setiap permintaan akan tertahan oleh gerbang itu",
    "advice-no-night-permit": (
        "drone.night_permit: bernilai false; antara matahari terbenam dan terbit setiap permintaan akan "
        "tertahan oleh gerbang itu"
    ),
    "advice-automatic-approval": (
        'drone.approval: bernilai "automatic", yang hanya untuk simulasi; setiap pesan menyatakannya, dan '
        "drone sungguhan tidak boleh menurut"
    ),
    "advice-no-officer": (
        "drone.officer: tidak ada; siapa yang boleh menulis ke drone/approval pada broker dapat menyetujui "
        "penerbangan"
    ),
    "advice-calendar-always": (
        "lamp.calendar[{index}]: tanpa hari maupun tanggal, jadi selalu berlaku; aturan di bawahnya tidak "
        "pernah"
    ),
    "advice-steps-at-once": (
        'lamp.program "{program}": memiliki {count} langkah pada {at}; yang terakhir berlaku'
    ),
    "advice-floor": "lamp.floor: {floor} di bawah min_level, jadi batas bawahnya {level}",
    "advice-control-below-floor": (
        "lamp.control[{index}].level: batas atas {level} berada di bawah batas bawah {floor}"
    ),
    "advice-clo-rises": "lamp.clo: bagiannya naik; lampu makin redup seiring usia",
    "source-invalid": (
        "bukan alamat yang dapat dibaca; tulis pengguna dan kata sandi sebagai username dan password_file, "
        "dan @ di dalam jalur sebagai %40"
    ),
    "picture-size-invalid": 'bukan ukuran gambar; tulis lebar dan tinggi seperti "640x480"',
    "time-twice": "sebuah waktu ditulis dua kali",
    "public-key-invalid": (
        "bukan kunci publik Ed25519 ({bytes} bita dalam base64); buat dengan: pole-agent drone key"
    ),
    "automatic-with-officers": (
        'approval = "automatic" tidak bertanya kepada siapa pun; hapus [[drone.officer]], atau tulis '
        'approval = "required"'
    ),
    "altitude-above-most": "alt_agl_m = {altitude} di atas max_alt_agl_m = {most}",
    "name-twice-in": '{key}: nama "{name}" dipakai {count} kali',
    "host-invalid": "bukan nama atau alamat host; port, username, dan password_file adalah kunci tersendiri",
    "host-with-more": "lebih dari nama atau alamat host; tulis {fix}",
    "lux-reversed": "off_lux harus di atas on_lux: bila tidak lampu akan hidup-mati di antaranya",
    "hours-must-rise": "jam harus naik dari titik ke titik",
    "pin-twice": "{key} dan {other} sama-sama GPIO{pin}",
    "pin-without-pwm": (
        "GPIO{pin} tidak memiliki PWM perangkat keras; gunakan {pins}, atau beri pwm_device dan pwm_channel"
    ),
    "pwm-both-or-none": "pwm_device dan pwm_channel berpasangan; beri keduanya atau tidak sama sekali",
    "pin-or-file": "beri pin atau file, salah satu",
    "file-not-absolute": 'file: tulis jalur lengkap "{file}", mulai dari /',
    "curly-double-quote": 'tanda kutip lengkung; tulis "',
    "curly-single-quote": "tanda kutip lengkung; tulis '",
    "byte-order-mark": "penanda urutan bita; hapus",
    "no-break-space": "spasi yang tidak putus; tulis spasi biasa",
    "zero-width-space": "spasi tanpa lebar; hapus",
    "configuration-unreadable": "tidak dapat dibaca: {error}; buat dengan: pole-agent init",
    "toml-too-deep": "bukan TOML yang sah: terlalu dalam bersarang",
    "toml-too-many-dots": "bukan TOML yang sah: kunci dengan terlalu banyak titik (baris {line})",
    "nul-character": "berisi karakter NUL",
    "last-good-is-used": "salinan baik terakhir di {folder} dipakai",
    "cert-without-key": "cert_file dan key_file berpasangan; beri keduanya atau tidak sama sekali",
    "tls-files-without-tls": (
        "ca_file dan cert_file hanya untuk tls = true; dengan tls = false tidak ada yang memeriksanya"
    ),
    "time-zone-unknown": '{value} bukan zona waktu; tulis nama IANA, misalnya "Asia/Jakarta"',
    "kind-whole-number": "bilangan bulat",
    "kind-number": "angka",
    "kind-finite-number": "angka yang terhingga",
    "kind-true-or-false": "true atau false",
    "kind-text": "teks dalam tanda kutip",
    "kind-path": "jalur dalam tanda kutip",
    "kind-list": "daftar",
    "kind-table": "tabel",
    "identifier-invalid": "gunakan hanya huruf, angka, _ dan -, 1 sampai 64 buah",
    "identifier-invalid-or-underscore": (
        "gunakan hanya huruf, angka, _ dan -, 1 sampai 64 buah, dan jangan dimulai dengan _"
    ),
    "group-twice": 'grup "{name}" disebut dua kali',
    "is-required": "wajib diisi",
    "point-number-missing": "tidak ada: sebuah titik memiliki dua angka",
    "character-not-allowed": "berisi karakter yang tidak diperbolehkan di sini",
    "point-needs-two-numbers": "sebuah titik memiliki dua angka; ini {count}",
    "not-a-file": "bukan berkas",
    "file-too-long": "panjangnya {bytes} bita; paling banyak {most}",
    "utf-16-unmarked": "berupa teks UTF-16 tanpa penanda urutan bita; simpan sebagai UTF-8",
    "not-utf-8": "bukan teks UTF-8 (bita {byte}); simpan sebagai UTF-8",
    "password-empty": "kosong; isinya kata sandi, pada satu baris",
    "password-of-several-lines": "berisi beberapa baris; kata sandi hanya satu baris",
    "file-marked": (
        "diawali penanda urutan bita atau berupa UTF-16; simpan sebagai UTF-8 tanpa penanda (ANSI)"
    ),
    "name-twice": 'nama "{name}" dipakai {count} kali',
    "camera-ambiguous": "ada {count} kamera; sebutkan yang mana: {cameras}",
    "default-program-missing": (
        'tidak ada program "{program}"; program itu berlaku pada setiap malam yang tidak disebut kalender'
    ),
    "rule-without-camera": "tidak ada [[camera]] untuk melihat",
    "rule-drone-disabled": "bernilai true, tetapi [drone] enabled bernilai false",
    "name-unknown": '{kind} "{name}" tidak dikenal; yang ada: {known}',
    "polygon-without-area": "poligon tidak memiliki luas; beri sekurangnya tiga titik yang tidak segaris",
    "line-without-length": '"from" dan "to" adalah titik yang sama',
    "rule-needs-line": 'kind = "{kind}" memerlukan line = "<nama sebuah [[line]]>"',
    "rule-on-line": 'kind = "{kind}" mengamati garis; hapus zone',
    "rule-on-zone": 'kind = "{kind}" mengamati zona; hapus line',
    "heights-reversed": "min_height harus lebih kecil dari max_height",
    "path-with-tilde": '"{path}": ~ tidak diisi di sini; tulis jalur lengkap, mulai dari /',
    "path-with-variable": '"{path}": {name} tidak diisi di sini; tulis jalur lengkap, mulai dari /',
    "toml-look-alike": "{error}; baris ini berisi {character}",
    "toml-invalid": "bukan TOML yang sah: {error}",
    "did-you-mean": "{problem}; maksudnya {name}?",
    "unknown-key": "kunci tidak dikenal",
    "polygon-too-short": "poligon memiliki sekurangnya {least} titik; ini {count}",
    "expected-given": "harus {expected}; diberikan: {given}",
    "one-of": "salah satu dari {choices}",
    "list-too-short": "daftar sekurangnya {least}; ini {count}",
    "list-too-long": "daftar paling banyak {most}; ini {count}",
    "event-type-unknown": "jenis kejadian tidak dikenal",
    "host-with-login": "{fix}, dan nama serta kata sandi sebagai username dan password_file",
    "and-more": "dan {count} lainnya",
    "host-and-port": 'host = "{host}" dan port = {port}',
    "unknown-key-known": "kunci tidak dikenal; yang dikenal di sini: {known}",
    "event-type-unknown-known": "jenis kejadian tidak dikenal; yang dikenal di sini: {known}",
    "rule-needs-direction": (
        'kind = "{kind}" memerlukan direction = "forward" atau "backward": arah yang salah'
    ),
    # cameras and models
    "camera-address-invalid": "{camera}: alamat tidak dapat dibaca",
    "camera-no-answer": (
        "{camera}: tidak ada jawaban dalam {seconds} detik; apakah kamera menyala, dan alamatnya benar?"
    ),
    "camera-unreachable": "{camera}: {error}; apakah kamera menyala, dan alamatnya benar?",
    "camera-wrong-protocol": (
        "{camera}: server tidak menjawab dengan {protocol}; apakah ini alamat aliran video kamera?"
    ),
    "camera-stream-unknown": "{camera}: kamera tidak memiliki aliran video bernama itu; periksa jalurnya",
    "source-not-open": "{source}: belum dibuka",
    "camera-blind": "{source}: tidak ada gambar selama {seconds} detik; kamera buta",
    "waiting-for-key-frame": (
        "tidak ada gambar selama {seconds} detik, meski kamera mengirim data: menunggu gambar kunci"
    ),
    "stream-broke-off": "{source}: aliran video terputus",
    "stream-without-picture": "{source}: aliran video tidak mengirim gambar",
    "stream-timed-out": "{source}: tidak ada data selama {seconds} detik; aliran video terputus",
    "camera-redirects": "{camera}: kamera mengalihkan ke mesin lain; tulis alamat itu sebagai source",
    "address-of-one-picture": (
        "{camera}: ini alamat satu gambar, bukan aliran video; cari alamat MJPEG atau RTSP kamera"
    ),
    "camera-login-refused": (
        "kamera meminta pengguna atau kata sandi lain; periksa pengguna dan password_file"
    ),
    "stream-unknown": "kamera tidak memiliki aliran video bernama itu; periksa jalurnya",
    "camera-refused-http": "kamera menolak (HTTP {code}); apakah ada penonton lain, dan bolehkah dua?",
    "onvif-libraries-missing": "mencari kamera perlu dua pustaka: pip install onvif-zeep-async WSDiscovery",
    "camera-password-unreadable": "kata sandi {camera} tidak dapat dibaca dari {file}: {why}",
    "opening-given-up": "{source}: dihentikan",
    "no-stream": (
        "kamera menjawab, tetapi tidak memberi aliran video; periksa jalur, pengguna, dan password_file, dan "
        "bahwa kamera mengirim H.264, H.265, atau MJPEG"
    ),
    "no-stream-over-transport": (
        'kamera menjawab, tetapi tidak memberi aliran video; transport = "{transport}" diatur: coba "auto"; '
        "periksa jalur, pengguna, dan password_file"
    ),
    "video-device-unusable": (
        "perangkat tidak dapat dibuka; apakah itu kamera, dan apakah Anda di grup video?"
    ),
    "video-file-unreadable": "ini bukan video yang dapat dibaca OpenCV; apakah berkasnya lengkap?",
    "file-missing": "{file}: berkas tidak ada",
    "source-cannot-be-opened": "{source} tidak dapat dibuka: {why}",
    "stream-too-short": "aliran video terputus sebelum ada yang dapat diukur",
    "unknown": "tidak diketahui",
    "panorama": (
        "gambar adalah panorama {width}x{height}: orang di dalamnya terlalu kecil untuk sekali lihat, jadi "
        "dilihat bagian demi bagian bergiliran, masing-masing lebih jarang; satu kamera untuk setiap arah "
        "melihat lebih baik"
    ),
    "picture-too-large": (
        "ukuran gambar {width}x{height}, sedangkan model melihat paling banyak 416: gunakan sub-stream "
        "kamera (sekitar 720x576)"
    ),
    "picture-too-small": (
        "ukuran gambar hanya {width}x{height}: orang yang jauh mungkin terlewat; pilih aliran video yang "
        "lebih besar bila ada"
    ),
    "decoding-too-costly": (
        "pembacaan video memakai {share} satu inti prosesor: turunkan laju atau ukuran gambar kamera"
    ),
    "camera-too-fast": (
        "kamera mengirim {sent} gambar per detik dan {used} yang dilihat: atur kamera ke {wanted}"
    ),
    "camera-too-slow": (
        "hanya {rate} gambar per detik yang datang, dari {wanted} yang diminta: turunkan fps, atau naikkan "
        "pada kamera"
    ),
    "mjpeg-is-costly": "MJPEG memakai jaringan sepuluh kali H.264: pilih H.264 bila kamera mampu",
    "codec-untested": "codec {codec} tidak lazim untuk kamera; yang diuji adalah H.264",
    "picture-nearly-black": "gambar hampir hitam: apakah lensa tertutup, atau lampu padam?",
    "source-timed-out": "{source}: tidak ada gambar selama {seconds} detik",
    "clip-without-frames": "{clip}: klip tidak memiliki gambar yang dapat dibaca",
    "clip-truncated": (
        "{clip}: klip terputus setelah {at} detik dari {length} detik; apakah berkasnya lengkap?"
    ),
    "file-unreadable-because": "{file}: tidak dapat dibaca: {error}",
    "model-unknown": (
        'tidak ada model "{model}"; yang disertakan: {shipped}; atau beri jalur sebuah kartu (.toml)'
    ),
    "model-card-unreadable": "{file}: kartu model tidak dapat dibaca: {error}",
    "model-input-unsupported": (
        "{file}: masukan: tata letak dan tipe ini tidak didukung; yang didukung: {known}"
    ),
    "model-card-incomplete": "{file}: kartu model tidak memiliki kunci {key}",
    "model-card-invalid": "{file}: kartu model rusak: {error}",
    "model-unreadable": "{file}: model tidak dapat dibaca: {error}",
    "model-changed": (
        "{file}: ini bukan model dari kartunya: sha256 adalah {found}…, seharusnya {expected}…; pasang "
        "ulang, atau tulis hash baru ke kartu bila model sengaja diganti"
    ),
    "picture-frozen": "gambar membeku",
    "picture-black": "gambar hitam",
    "camera-blinded": "kamera silau: {share} gambar putih",
    "picture-shape-changed": "bentuk gambar berubah dari {old} menjadi {new}: mask dan zona mungkin bergeser",
    "confirm-picture": '{problem}; bila sudah benar, tulis picture = "{size}"',
    "scene-changed": "kamera menunjukkan pemandangan lain; apakah kamera terputar?",
    "picture-blurred": "gambar kabur",
    "camera-host-invalid": "host {given} tidak sah; tulis nama, nama:port, atau [alamat IPv6]:port",
    "family-unsupported": '{file}: keluarga "{family}" tidak didukung; yang didukung: {known}',
    "model-not-loaded": "{file}: ONNX Runtime tidak dapat memuat model ini: {error}",
    "model-mismatch": (
        "{file}: model tidak sesuai kartunya: {what} adalah {found}, seharusnya {expected}; yang didukung: "
        "{supported}"
    ),
    "model-not-run": "{file}: ONNX Runtime tidak dapat menjalankan model ini: {error}",
    "detector-not-open": "detektor belum dibuka",
    "detector-timed-out": "detektor tidak menjawab selama {seconds} detik; utasnya diganti",
    "detector-failed": "detektor gagal: {error}",
    "detections-unreadable": "{file}: tidak dapat dibaca sebagai deteksi: {error}",
    "detections-line-invalid": (
        "{file}, baris {line}: seharusnya frame,id,left,top,width,height,score: {error}"
    ),
    "onvif-address-invalid": "kamera memberi alamat yang tidak sah; cari di buku petunjuk kamera",
    "onvif-address-replaced": "kamera memberi {given} di sini; diganti dengan {used}, yang menjawab",
    "onvif-invalid-answer": "jawaban ONVIF tidak sah: {error}",
    "onvif-login-needed": (
        "perlu pengguna dan kata sandi (pengguna ONVIF sering terpisah): beri --username dan --password-file"
    ),
    # clock, certificates, the board
    "ca-file-empty": "{file} tidak berisi sertifikat otoritas",
    "certificate-expired": "sudah berakhir; ganti sekarang",
    "certificate-expires-soon": "{name}: berakhir dalam {days} hari, pada {date}; gantilah",
    "certificate-has-expired": "{name}: sudah berakhir; ganti sekarang",
    "evidence-last-known": "waktu terakhir yang diketahui",
    "evidence-stored": "yang tersimpan",
    "clock-before-release": "jam menunjukkan {time}, sebelum rilis ini: tidak mungkin benar",
    "clock-too-late": "jam menunjukkan {time}, terlalu jauh di masa depan untuk benar",
    "clock-jumped": "jam melompat {seconds} detik; diragukan selama {minutes} menit lagi",
    "clock-against-broker": "jam menunjukkan {time}, dan sertifikat broker belum berlaku",
    "board-too-hot": "papan terlalu panas: detektor hanya melakukan {share} pekerjaannya",
    "no-time-server-since-boot": "belum tersinkron dengan server waktu sejak menyala",
    "chrony-silent": "chrony tidak menjawab",
    "chrony-without-source": "chrony tidak punya sumber waktu",
    "chrony-follows-itself": "chrony mengikuti jam mesin ini sendiri, bukan sumber waktu",
    "chrony-follows-orphan": (
        "chrony mengikuti {source}, yang sendiri tidak mendengar jam sejati (stratum {stratum})"
    ),
    "chrony-off": "chrony mengikuti {source}, dan jam menyimpang {seconds} detik darinya",
    "chrony-in-future": "chrony mendengar sumber pada waktu di masa depan",
    "chrony-follows": "chrony mengikuti {source} (stratum {stratum})",
    "timesyncd-in-future": "tanda systemd-timesyncd berada di masa depan",
    "timesyncd-of-earlier-boot": "tanda systemd-timesyncd berasal dari nyala sebelumnya, atau dari jam lain",
    "timesyncd-follows": "systemd-timesyncd telah mengatur jam dari server waktu",
    "set-from-chip": "diatur dari chip jam saat menyala",
    "trusted-by-setting": "dipercaya apa adanya (clock.trust)",
    "clock-impossible": "jam menunjukkan {time}, tidak mungkin benar; atur dahulu: sudo timedatectl set-time",
    "times-are-provisional": "{reason}; waktu bersifat sementara",
    "times-provisional-accept": (
        '{reason}; waktu bersifat sementara; bila benar, nyatakan di tiang: "pole-agent clock accept"'
    ),
    "clock-behind-since-start": (
        "jam menunjukkan {time}, tertinggal: ia sudah tertinggal sebelum mesin ini terakhir menyala, dan "
        "sejak itu tidak diatur"
    ),
    "clock-behind-certificate": (
        "jam menunjukkan {time}, sebelum awal berlaku sertifikat {certificate}: sekarang sekurangnya {least}"
    ),
    "clock-behind-last-known": (
        "jam menunjukkan {time}, tertinggal dari waktu terakhir yang diketahui: sekarang sekurangnya {least}"
    ),
    "clock-behind-stored": (
        "jam menunjukkan {time}, tertinggal dari yang tersimpan: sekarang sekurangnya {least}"
    ),
    "board-too-hot-at": (
        "papan terlalu panas pada {celsius} °C: detektor hanya melakukan {share} pekerjaannya"
    ),
    "voltage-low": "tegangan terlalu rendah: gunakan catu daya lebih kuat dan kabel lebih pendek",
    "threads-hang": "{count} utas menggantung dan ditinggalkan, yang terakhir di {last}",
    # lamp
    "lamp-key-unknown": "kunci {key} tidak dikenal; perintah lampu memiliki {known}",
    "resume-alone": 'untuk kembali ke program kirim {{"resume": true}} saja',
    "send-alone": "kirim {key} saja",
    "mode-invalid": 'mode adalah "adaptive" (kehadiran boleh menaikkan lampu) atau "fixed"',
    "reason-too-long": "reason adalah teks paling banyak 200 karakter",
    "lamp-state-invalid": 'state adalah "ON" atau "OFF"',
    "brightness-and-level": "beri brightness (0 sampai 255) atau level (0 sampai 1), jangan keduanya",
    "off-with-level": 'state "OFF" dan level di atas 0 bertentangan',
    "state-or-level-required": "beri state, brightness (0 sampai 255) atau level (0 sampai 1)",
    "number-invalid": "{key} adalah angka dari {least} sampai {most}",
    "light-at-midnight": (
        "sensor cahaya melihat terang selama dua jam di sekitar tengah malam menurut jam: jam atau sensor "
        "salah"
    ),
    "dark-at-noon": (
        "sensor cahaya melihat gelap selama dua jam di sekitar tengah hari menurut jam: jam atau sensor salah"
    ),
    "night-title": 'malam {first} sampai {last}, program "{program}" ({zone})',
    "night-legend": (
        "        # cahaya   . matahari di bawah ufuk   (kehadiran, perintah, dan kendali menambahnya)"
    ),
    "night-energy": (
        "  {hours} jam menyala, setara {full} jam terang penuh: sekitar {energy} Wh dari {watts} W"
    ),
    "sun-does-not-set": "matahari tidak terbenam",
    "sun-does-not-rise": "matahari tidak terbit",
    "pwm-unwritable": (
        "{folder} tidak dapat dikendalikan: {error}; bolehkah pengguna ini menulis di sana (grup gpio, "
        "aturan udev)?"
    ),
    "pwm-failed": "{folder} tidak menurut: {error}",
    "no-pwm-chip": (
        "tidak ada chip PWM {device} untuk GPIO{pin} (yang ada: {there}); tambahkan {overlay} ke "
        '/boot/firmware/config.txt lalu nyalakan ulang, atau atur [lamp] backend = "gpio"'
    ),
    "lgpio-stub": (
        "lgpio yang terpasang hanyalah cangkang kosong (0.0.0.2); pasang python3-lgpio, atau lgpio==0.2.2.0 "
        "dari wheel"
    ),
    "gpio-chip-not-opened": (
        'tidak ada chip GPIO di sini: {error}; pada mesin tanpa GPIO atur [lamp] backend = "mock"'
    ),
    "pin-not-driven": (
        "pin GPIO{pin} tidak dapat dikendalikan: {error}; periksa apakah program lain memakainya dan "
        "pengguna ini di grup gpio"
    ),
    "lamp-pin-failed": "pin lampu gagal diatur: {error}",
    "relay-pin-not-driven": "pin relai GPIO{pin} tidak dapat dikendalikan: {error}",
    "relay-pin-failed": "pin relai gagal diatur: {error}",
    "input-pin-unreadable": "masukan GPIO{pin} tidak dapat dibaca: {error}",
    "button-pin-unreadable": "tombol GPIO{pin} tidak dapat dibaca: {error}",
    "amount-invalid": "jumlah {value} tidak sah",
    "ledger-not-read": "catatan lampu belum dibaca dari disk; coba lagi sebentar",
    "sun-time": "{what} {time}",
    "side-by-side": "{first}  {then}",
    "sunset": "matahari terbenam",
    "dusk": "akhir senja",
    "dawn": "fajar",
    "sunrise": "matahari terbit",
    "lgpio-needed": (
        "GPIO memerlukan paket lgpio: sudo apt install python3-lgpio, atau pip install lgpio==0.2.2.0 "
        '(Python 3.11); pada mesin tanpa GPIO atur [lamp] backend = "mock"'
    ),
    "button-in-the-pole": "tombol di tiang",
    # drones
    "approval-unsigned": (
        "tiang ini hanya menerima persetujuan bertanda tangan; tanda tangani dengan: pole-agent drone sign"
    ),
    "signature-incomplete": (
        '"signature" berisi nonce, expires_at, dan value; tanda tangani dengan: pole-agent drone sign'
    ),
    "nonce-invalid": "nonce sebuah tanda tangan berisi 16 sampai 64 huruf, angka, - atau _",
    "signature-time-invalid": "expires_at sebuah tanda tangan adalah waktu menurut RFC 3339",
    "signature-value-invalid": "value sebuah tanda tangan adalah {bytes} bita dalam base64",
    "officer-unknown": "{by} bukan salah satu petugas tiang ini",
    "approval-age-unknown": "jam tiang tidak dipercaya; tidak diketahui apakah persetujuan masih berlaku",
    "approval-expired": "persetujuan sudah kedaluwarsa, atau berlaku lebih dari sehari",
    "approval-used": "persetujuan ini sudah pernah dipakai",
    "signature-wrong": "tanda tangan ini bukan milik {by} atas permintaan ini seperti dikenal tiang",
    "wall-time-invalid": "{value} bukan waktu",
    "json-invalid": "bukan JSON: {error}",
    "geojson-without-polygon": "tidak berisi Polygon",
    "polygon-too-long": "memiliki lebih dari {most} titik",
    "geometry-not-an-area": "berisi {kind}, yang bukan wilayah: gambar Polygon, atau keluarkan",
    "geojson-invalid": (
        "bukan GeoJSON (FeatureCollection, Feature atau Polygon), atau memiliki feature tanpa geometry"
    ),
    "polygon-without-coordinates": "memiliki poligon tanpa koordinat",
    "geojson-point-invalid": "memiliki titik yang bukan [bujur, lintang]: {point}",
    "ring-too-short": "memiliki cincin kurang dari tiga titik",
    "decision-invalid": '"decision" salah satu dari {decisions}',
    "until-without-patrol": (
        '"until" milik persetujuan tetap sebuah patroli; beri "patrol" sebagai ganti "request_id"'
    ),
    "request-or-patrol": (
        'beri "request_id" untuk satu penerbangan, atau "patrol" (nama rencana) untuk semuanya'
    ),
    "until-required": 'persetujuan tetap perlu "until", misalnya "2027-01-01T00:00:00Z"',
    "status-invalid": '"status" salah satu dari {statuses}',
    "stop-invalid": '"stop" bernilai true (tidak ada penerbangan lagi) atau false',
    "by-missing": '"by" wajib: nama orang yang memutuskan, paling banyak 100 karakter dalam satu baris',
    "text-too-long": '"{key}" adalah teks paling banyak {most} karakter',
    "request-id-required": '"request_id" wajib diisi',
    "unknown-key-of-command": "kunci {key} tidak dikenal; yang dikenal di sini: {known}",
    "maintenance": "pemeliharaan",
    "rain": "hujan",
    "dock": "stasiun",
    "every-request-blocked": "setiap permintaan dari tiang ini akan tertahan oleh gerbang itu",
    "pole-in-exclusion": "drone.exclusions: tiang berdiri di dalamnya, atau di tepinya; {consequence}",
    "target-in-exclusion": (
        "drone.exclusions: {metres} m di sekitar sasaran {target} menyentuhnya; permintaannya akan tertahan"
    ),
    "metres-around-target": "{metres} m di sekitar sasaran {target}",
    "target-beyond-fence": "drone.geofence: {around} melampauinya; permintaannya akan tertahan",
    "fence-without-area": "drone.geofence: semua titiknya segaris, jadi tidak memiliki luas; {consequence}",
    "fence-swapped": (
        "drone.geofence: tiang ada di dalamnya bila lintang dan bujur ditukar; seperti tertulis, "
        "{consequence}"
    ),
    "pole-at-fence-edge": "drone.geofence: tiang berdiri dalam {metres} m dari tepinya; {consequence}",
    "pole-outside-fence": "drone.geofence: tiang ada di luarnya, {kilometres} km dari tepinya; {consequence}",
    "gate-clock": "jam tiang tidak dipercaya",
    "gate-age-unknown": (
        "permintaan dibuat sebelum mulai ulang, dan tanpa jam yang dipercaya umurnya tidak diketahui"
    ),
    "request-expired": "waktunya sudah habis",
    "gate-stop-unknown": "tidak dapat dibaca apakah penerbangan dihentikan",
    "gate-stopped": "semua penerbangan dihentikan oleh {by}",
    "gate-cooldown": "penerbangan terakhir diperintahkan kurang dari {seconds} detik yang lalu",
    "gate-queue": "{request} didahulukan",
    "gate-no-fence": "tidak ada pagar wilayah dalam konfigurasi",
    "gate-fence": "sasaran, {metres} m sekelilingnya, tidak berada di dalam pagar wilayah",
    "gate-exclusion": "ada wilayah terlarang dalam {metres} m dari sasaran",
    "gate-altitude": "{metres} m di atas tanah lebih dari {most} m",
    "gate-night": "tidak ada izin terbang malam (drone.night_permit)",
    "wind": "angin",
    "temperature": "suhu",
    "battery": "baterai",
    "value-never-received": "belum ada kabar",
    "value-in-future": "waktunya ada di masa depan",
    "value-too-old": "kabar terakhir {age} detik yang lalu",
    "gate-value-unknown": "{what} tidak diketahui: {reason}",
    "an-approval": "persetujuan",
    "a-denial": "penolakan",
    "a-cancel": "pembatalan",
    "state-refuses": "permintaan berstatus {state} tidak lagi menerima {what}",
    "gate-at-most": "{what} {value}, yang diizinkan paling tinggi {limit}",
    "gate-at-least": "{what} {value}, yang diizinkan sekurangnya {limit}",
    "gate-exactly": "{what} {value}, yang diizinkan {limit}",
    "conditions-empty": "beri sekurangnya satu dari {known}",
    "condition-invalid": '"{key}" harus angka dari {least} sampai {most}',
    "dock-invalid": '"dock" harus satu kata: "idle", atau yang sedang dilakukannya',
    "measured-at-required": '"at" wajib: kapan ini diukur, misalnya "2026-01-31T18:00:00Z"',
    "flag-invalid": '"{key}" harus true atau false',
    "drones-switched-off": "drone dimatikan",
    "request-damaged": "permintaan yang tersimpan rusak",
    "stored-number-invalid": "angka {value} tidak sah",
    "standing-revoked": "persetujuan tetap dicabut",
    "approver-gone": "yang menyetujuinya bukan lagi petugas tiang ini",
    "standing-ended": "persetujuan tetap sudah berakhir",
    "request-expired-undecided": "sudah kedaluwarsa: tidak diputuskan",
    "order-may-be-lost": "perintah mungkin tidak sampai: {why}",
    "dispatcher-silent": "tidak ada kabar dari pengendali selama {seconds} detik",
    "request-superseded": "digantikan oleh {request}, yang lebih berat",
    "stop-unreadable": "tidak ada: perhentian yang tersimpan tidak dapat dibaca",
    "stop-may-be-lost": "tidak ada: penyimpanan lama hilang, mungkin beserta perhentian",
    "store-has-ended": "penyimpanan lama hilang: {cause}",
    "triage-severity": "low_severity: {severity} di bawah {least}",
    "triage-confidence": "low_confidence: {score} di bawah {least}",
    "triage-barred": "barred: {share} laporan aturan ini salah, yang diizinkan paling banyak {most}",
    "triage-quota": "quota: {count} permintaan dalam 24 jam terakhir",
    "flight-called-back": "penerbangan {request}, yang dipanggil kembali tetapi belum dilaporkan selesai,",
    "flight-named": "penerbangan {request}",
    "request-named": "permintaan {request}",
    # what the running agent says
    "fence-of-many-polygons": "{file} berisi {count} poligon; pagar wilayah hanya satu",
    "examination-failed": "gagal: {error}",
    "decision-not-stored": "keputusan tidak dapat disimpan: {error}",
    "status-too-often": (
        "penerbangan berganti antara in_progress dan paused paling banyak sekali per detik; kirim lagi"
    ),
    "conditions-in-future": '"at" ada di masa depan; periksa jamnya',
    "stop-not-stored": "tetap dihentikan untuk sementara: disk tidak bekerja: {error}",
    "patrols-wait-for-clock": "jam tidak dipercaya: tidak ada patroli yang diminta",
    "request-expired-because": "waktunya sudah habis; {reason}",
    "request-is-blocked": "permintaan tertahan: {reason}",
    "patrol-unknown": "tiang ini tidak memiliki patroli {patrol}; yang ada {known}",
    "until-uncheckable": "jam tiang tidak dipercaya; tidak diketahui sampai kapan persetujuan berlaku",
    "until-out-of-range": '"until" ada di masa depan, paling lama setahun dari sekarang',
    "used-approvals-unreadable": (
        "persetujuan yang pernah dipakai tidak dapat dibaca: tidak ada persetujuan tetap bertanda tangan "
        "sampai {until}"
    ),
    "order-not-acknowledged": "broker tidak mengakuinya dalam {seconds} detik",
    "call-drone-back": "permintaan berstatus {state}; panggil kembali drone",
    "requests-unreadable": "permintaan tidak dapat dibaca: {error}",
    "requests-unreadable-yet": (
        "permintaan belum dapat dibaca: {error}; ini diingat, dan pengendali diberi tahu"
    ),
    "request-unknown": "tidak ada permintaan {request}",
    "broker-without-echo": (
        "broker mengabulkan permintaan tetapi tidak mengirim apa pun: status kami sendiri tidak kembali, "
        "jadi perintah mungkin juga tidak sampai"
    ),
    "broker-closes-at-topic": "broker memutus sambungan pada topik ini",
    "broker-silent-at-topic": "broker tidak mengakui topik ini",
    "broker-refuses-subscription": "broker menolak langganan {topics}",
    "broker-refuses-many": (
        "broker menolak perintah yang dikirim ke banyak tiang, bukan yang untuk tiang ini saja; izinkan "
        "tiang membaca {site}/_all/# dan {site}/_group/#: {addresses}"
    ),
    "updates-status-damaged": (
        "keadaan pembaruan tidak dapat dibaca: status.json rusak pada {where}; pole-agent apply "
        "menulisnya lagi saat berjalan berikutnya"
    ),
    "updates-status-unreadable": "keadaan pembaruan tidak dapat dibaca: {error}",
    "updates-frozen": (
        "tanda tangan repositori sudah kedaluwarsa, jadi tidak ada pembaruan yang dipasang: {problem}; "
        "perbarui dengan: pole-agent repository publish"
    ),
    "updates-runs-another": "tiang menjalankan konfigurasi atau versi lain daripada yang ditetapkan",
    "updates-more-problems": "{count} masalah lagi",
    "sync-not-set-up": "pembaruan belum disiapkan di tiang ini: {file} tidak ada",
    "sync-not-passed-on": "permintaan untuk mengambil tidak dapat diteruskan: {file}: {error}",
    "clip-ended": "klip telah berakhir",
    "frames-too-few": "hanya {rate} gambar per detik yang datang, dari {wanted}",
    "connection-lost": "sambungan putus sebelum pengakuan",
    "not-authorized": "tidak berhak",
    "quota-exceeded": "kuota terlampaui",
    "broker-mqtt-3": (
        "broker memakai MQTT 3.1.1: pesan yang ditolaknya tampak terkirim; perintah retained yang "
        "diterbitkan saat kami mendengarkan tampak biasa; perintah terbang tidak dikirim karena tidak dapat "
        "kedaluwarsa; tanpa topik jawaban; tanpa pengaturan laju"
    ),
    "broker-without-retained": (
        "broker tidak menyimpan pesan retained: yang tersambung kemudian tidak melihat status maupun lampu "
        "sampai berubah"
    ),
    "broker-qos-0": "broker hanya mengizinkan QoS 0 dan tidak mengakui apa pun: peristiwa menunggu di tiang",
    "broker-refused": "broker menolak pesan: {reason} (kode alasan {code})",
    "lang-invalid": '"lang" harus salah satu dari {languages}',
    "examination-under-way": "pemeriksaan sedang berjalan",
    "examination-too-soon": "pemeriksaan terakhir {ago} detik yang lalu; coba lagi dalam {wait} detik",
    "no-certificate": "tidak berisi sertifikat",
    "certificate-invalid": "sertifikat tidak sah",
    "certificate-truncated": "sertifikat terpotong",
    "incident-id-invalid": "incident_id tidak sah; tulis misalnya 01a20d2c-5ce5-7046-9dd1-e9f3183805ad",
    "verdict-invalid": 'verdict harus "true" (benar seperti kata aturan) atau "false"',
    "verdict-by-required": "by wajib: nama orang yang menilai",
    "question-unknown": "pertanyaan {question} tidak dikenal; yang dikenal: {known}",
    "command-unknown": "perintah {command} tidak dikenal; yang dikenal: {known}",
    "command-age-unknown": (
        "jam tiang tidak dipercaya, jadi tidak dapat diperiksa apakah perintah ini masih berlaku"
    ),
    "command-expired": "perintah sudah kedaluwarsa",
    "command-in-future": "perintah dibuat di masa depan; periksa jamnya",
    "store-is-another": "storeid tidak dikenal; penyimpanan ini {store}",
    "range-invalid": 'rentang tidak sah; "from" dan "to" adalah nomor urut, 1 <= from <= to',
    "incident-unknown": "kejadian {incident} tidak dikenal, atau tidak lagi disimpan",
    "command-too-large": "perintah terlalu besar; paling banyak {most} bita",
    "command-empty": "perintah kosong; seharusnya objek JSON",
    "command-too-deep": "perintah terlalu dalam bersarang; paling banyak {most} tingkat",
    "command-undecodable": "perintah {error}",
    "command-not-json": "perintah bukan JSON",
    "command-not-an-object": "perintah bukan objek JSON",
    "command-not-unicode": "perintah berisi teks yang bukan Unicode",
    "command-not-finite": "perintah berisi angka yang tidak sah",
    "command-key-twice": "perintah berisi kunci yang sama dua kali",
    "command-id-invalid": "command_id harus teks 1 sampai 64 karakter",
    "by-too-long": "by harus teks paling banyak {most} karakter",
    "command-time-invalid": (
        "{key} tidak sah; tulis waktu menurut RFC 3339 dengan zonanya, misalnya 2026-01-31T18:00:00Z"
    ),
    "broker-timed-out": "broker tidak mengakui pada waktunya",
    "broker-without-acknowledgement": "broker menjawab, tetapi tidak mengakui yang diterimanya",
    "no-expiry-in-mqtt-3": "MQTT 3.1.1 tidak mengenal kedaluwarsa pesan, dan pesan ini memerlukannya",
    "packet-too-large": "paket terlalu besar: {bytes} bita, broker menerima {most}",
    "qos-1-unsupported": "QoS 1 tidak didukung",
    "message-not-sent": "pesan tidak dapat dikirim (kesalahan paho {error})",
    "no-connection": "tidak ada sambungan ke broker",
    "identity-taken": "klien lain tersambung sebagai {client}{suffix}",
    "mqtt-5-now": "broker sekarang mendukung MQTT 5; menyambung kembali dengannya",
    "connection-not-prepared": "sambungan tidak dapat disiapkan: {error}",
    "check-ca-file": "{error}; periksa ca_file, dan jam tiang ini",
    "check-cert-file": (
        "{error}; periksa cert_file: broker mungkin meminta sertifikat yang dikenalnya dan belum berakhir"
    ),
    "broker-is-down": "broker mati",
    "connection-cut": "sambungan diputus",
    "status-written-by-another": "klien lain menulis status tiang ini",
    "session-ended": "sesi berakhir",
    "topic-waits-because": "topiknya menunggu: {reason}",
    "topic-waits": "topiknya menunggu",
    "store-replaced": "penyimpanan diganti; nomornya mulai lagi",
    "taken-by-another": "diambil permintaan lain",
    "store-of-broker-ended": "penyimpanan yang dikenal broker sudah berakhir; menyambung kembali",
    "not-written": "tidak dapat ditulis",
    "event-number-invalid": "nomor kejadian {value} tidak sah",
    "closed-early-retry": "{problem}, lima kali tanpa jawaban; mencoba lagi dengan MQTT {version}",
    "closed-early": "broker memutus sambungan sebelum masuk selesai",
    "retry-with-3": "broker tidak mendukung MQTT 5; mencoba lagi dengan 3.1.1",
    "retry-without-retained": "{problem}; mencoba lagi tanpa pesan retained",
    "retry-with-qos-0": "{problem}; mencoba lagi dengan QoS 0",
    "subscribe-unanswered": "broker memutus sambungan pada SUBSCRIBE ini, atau tidak menjawab",
    "status-ahead": (
        "status terakhir tiang ini di broker mendahului penyimpanannya: kartu dipulihkan dari citra lama, "
        "atau disalin; mungkin dua tiang memakai satu identitas: cari salinan kartu SD tiang ini"
    ),
    "status-of-stranger": (
        "status tiang ini di broker menyebut penyimpanan yang bukan miliknya: dua tiang memakai satu "
        "identitas, atau klien lain menulisnya: cari salinan kartu SD tiang ini, dan periksa aturan akses "
        "broker"
    ),
    "status-absurd": (
        "status tiang ini di broker tidak mungkin benar: klien lain menulisnya: periksa aturan akses broker"
    ),
    "status-of-another-store": (
        "broker menyimpan status tiang ini dari penyimpanan yang tidak ada di sini: datanya hilang, kartunya "
        "diganti, atau dua tiang memakai satu identitas"
    ),
    "file-system-read-only": "sistem berkas hanya-baca",
    "no-heartbeat": "tidak ada detak selama {seconds} detik",
    "command-retained": "perintah tidak boleh retained; kosongkan topiknya dan kirim lagi",
    "command-kept": (
        "broker menyimpan perintah ini dan mengulanginya pada setiap sambungan; kosongkan topiknya"
    ),
    "command-malformed": "cacat, tetapi tetap dijalankan: {fault}",
    # words
    "loitering": "berlama-lama",
    "crowd": "kerumunan",
    "crossing": "melintas",
    "wrong-way": "lawan arah",
    "stopped": "berhenti",
    "person": "orang",
    "bicycle": "sepeda",
    "motorcycle": "sepeda motor",
    "two-wheeler": "kendaraan roda dua",
    "car": "mobil",
    "bus": "bus",
    "truck": "truk",
    "vehicle": "kendaraan",
    "info": "info",
    "alarm": "alarm",
    "seconds": "{number} detik",
    "minutes": "{number} menit",
    "hours": "{number} jam",
    "hours-and-minutes": "{hours} jam {minutes} menit",
    "days": "{number} hari",
    "half": "setengah",
    "a-quarter": "seperempat",
    "agent": "agen",
    "clock-chip": "chip jam",
    "configuration": "konfigurasi",
    "disk-wear": "keausan disk",
    "memory": "memori",
    "network": "jaringan",
    "power": "daya",
    "service": "layanan",
    "versions": "versi",
    "camera": "kamera",
    "picture": "gambar",
    "program": "program",
    # the command line
    "clip-too-short": "{clip}: terlalu pendek untuk mengukur; beri klip dengan {frames} gambar atau lebih",
    "time-of-capture": "pengambilannya, menurut cap waktu kamera",
    "time-of-arrival": "kedatangannya: aliran tidak memiliki cap waktu yang dapat dipakai",
    "time-of-file": "cap waktu di dalam berkas",
    "time-by-count": "hitungan: berkas tidak memiliki cap waktu yang dapat dipakai",
    "which-camera": "sebutkan kamera yang mana; yang ada {cameras}",
    "none": "tidak ada",
    "stream-measured": "{source}: {codec}, {width}x{height}, {fps} gambar per detik",
    "decoding-cost": "pembacaan: {milliseconds} ms CPU per gambar, {share} dari satu inti prosesor",
    "advice": "saran: {hint}",
    "nothing-to-improve": "tidak ada yang perlu diperbaiki",
    "expected-picture-file": "{file}: sebutkan berkas .jpg atau .png",
    "stream-gave-no-picture": "{source}: aliran video tidak memberi gambar",
    "picture-not-encoded": "{file}: gambar tidak dapat dikodekan",
    "file-unwritable-because": "{file} tidak dapat ditulis: {error}",
    "drawn-counts": "{zones} zona, {lines} garis, {masks} penutup",
    "snapshot-written": "{file}: {width}x{height}, {drawn}; gambar ini menunjukkan jalan: jangan diteruskan",
    "picture-shape-changed-masked": (
        "bentuk gambar berubah dari {old} menjadi {width}x{height}: penutup dan zona mungkin bergeser; "
        "penutup menutup semua tempat"
    ),
    "confirm-picture-in-camera": (
        'bila sudah benar untuk gambar ini, tulis picture = "{width}x{height}" pada [[camera]] "{camera}"'
    ),
    "no-onvif-camera": "tidak ada kamera ONVIF yang menjawab dalam {seconds} detik",
    "onvif-silent": "{reason}; apakah di jaringan ini, dan apakah ONVIF dinyalakan pada pengaturannya?",
    "camera-clock-off": "  jamnya meleset {seconds} detik; atur server waktu pada pengaturannya",
    "stream-recommended": "  <- disarankan",
    "stream-offered": "  {codec} {width}x{height} pada {fps}: {source}{mark}",
    "check-passed": "baik: tiang {pole}, {cameras} kamera, {rules} aturan",
    "cannot-be-read": "{file} tidak dapat dibaca",
    "password-with-space": (
        "{path}: kata sandi di {file} diawali atau diakhiri spasi, yang termasuk di dalamnya; apakah itu "
        "dimaksud?"
    ),
    "camera-device-unreadable": (
        "{device} tidak dapat dibaca; apakah kamera tersambung, apakah Anda di grup video?"
    ),
    "gpio-chip-missing": (
        "tidak ada chip GPIO pada mesin ini (/dev/gpiochip*); untuk meja uji tanpa chip, atur backend = "
        '"mock"'
    ),
    "sun-of-longitude": "matahari pada bujur {longitude}",
    "timezone-far-off": (
        "pole.timezone: {timezone} berbeda {hours} jam dari {sun}; apakah itu zona tiang ini?"
    ),
    "floor-faint": "lamp.floor: {floor} pada kurva {curve} adalah {light} dari cahaya; apakah cukup?",
    "and-more-within-a-year": " dan {count} lainnya dalam setahun",
    "program-lit-by-day": (
        'lamp.program "{program}": menyala di siang hari dari {start} sampai {end} pada hari {day}{more}'
    ),
    "stays-dark": "tetap gelap",
    "floor-kept": "batas bawah {floor} dipertahankan",
    "program-leaves-dark": (
        'lamp.program "{program}": membiarkan malam {day}{more} tanpa cahaya dari {start} sampai {end}; '
        "{kept}"
    ),
    "sensor-unreadable": "{file} tidak dapat dibaca; apakah driver sensor dimuat?",
    "folder-unwritable": (
        "{folder} tidak dapat ditulis pengguna ini (layanan berjalan sebagai penggunanya sendiri)"
    ),
    "clock-reads": "jam menunjukkan",
    "trusted": "dipercaya",
    "not-trusted": "TIDAK dipercaya",
    "against": "menentang",
    "surely-past": "pasti sudah lewat",
    "time-server-agrees": "server waktu setuju",
    "server-agrees-for": "selama {hours} dari 24 jam; lalu yang menentangnya dilepas",
    "cell-set-aside": "dikesampingkan sampai setuju dengan jam selama sehari",
    "photocell": "sensor cahaya",
    "clock-accept-here": "bila benar, nyatakan di sini: pole-agent clock accept",
    "accepted": "diterima",
    "name-the-configuration": "tidak dapat dibaca; sebutkan konfigurasi dengan --config",
    "clock-memory-unwritable": "{folder}: tidak dapat ditulis: {error}; coba: sudo pole-agent clock accept",
    "evidence-release": "rilis ini",
    "evidence-behind": "ketertinggalannya sebelum terakhir menyala",
    "number-out-of-range": "{given} tidak mungkin; beri 1 sampai {most}",
    "not-with-once": "tidak bersama --once, yang menceritakan satu tiang sampai akhir klip",
    "needs-a-broker": "perlu broker: beri --mqtt URL, atau pasang Mosquitto",
    "demo-begins": "demo pole-agent: klip jalan, GPIO tiruan, {broker}",
    "demo-poles": "{count} tiang, DEMO-1 sampai DEMO-{last}; yang diceritakan di sini DEMO-1",
    "paste-into-terminal": "untuk ditempel di terminal lain:",
    "summary": "ringkasan",
    "summary-people": (
        "  orang terlihat       {people} (jejak; {frames} gambar, detektor bekerja pada {runs})"
    ),
    "summary-incidents": "  kejadian             {opened} diberitahukan saat dibuka, {closed} ditutup",
    "summary-lamp": "  perubahan lampu      {changes} (sekarang {level}, {reason})",
    "summary-drones": "  permintaan drone     {count} ({states})",
    "summary-delivered": "  pesan terkirim       {count} kejadian, masing-masing diakui broker ({broker})",
    "summary-memory": "  memori tertinggi     {megabytes} MB",
    "broker-in-memory": "broker di memori (Mosquitto tidak terpasang di sini)",
    "sign-ok": "baik",
    "sign-warn": "awas",
    "sign-fail": "GAGAL",
    "doctor-summary": "{failed} gagal, {warnings} peringatan, {ok} baik",
    "check-fix": "pole-agent check --config {file} --lang id",
    "configuration-missing": "tidak dapat dibaca; buat dengan: pole-agent init",
    "no-flight-until-then": "Sampai saat itu tidak ada yang terbang.",
    "agent-not-running": "agen tidak berjalan",
    "agent-works": "agen berjalan, dan semua bagiannya bekerja",
    "agent-degraded": "agen berjalan; {parts}",
    "no-requests": "tidak ada permintaan",
    "who-decides": "siapa yang memutuskan",
    "approve-question": "setujui penerbangan ini? [y/T]",
    "flights-stop-set": "semua penerbangan dihentikan; tetap begitu sampai: {end}",
    "flights-stopped-by": "semua penerbangan dihentikan oleh {by}; akhiri dengan: {end}",
    "flights-allowed": "penerbangan boleh diminta lagi",
    "nothing-approved": "tidak ada yang disetujui",
    "by-goes-with-key": "bersama --key: petugas, seperti kuncinya dikenal tiang",
    "by-required": "wajib tanpa terminal: nama orang yang memutuskan",
    "requests-ambiguous": "{count} permintaan diawali {beginning}; lihat: pole-agent drone list",
    "until": "sampai",
    "conduct-differs": (
        "agen yang berjalan di sini memakai konfigurasi lain (conduct_sha256 {hash}); muat ulang, atau "
        "sebutkan --config miliknya"
    ),
    "sign-written": "{file} ditulis; cetak dengan peramban (A4)",
    "explain-from-configuration": "tidak ada agen yang berjalan di sini; inilah kata konfigurasi",
    "question-pole": "pengenal tiang (huruf, angka, _ dan -)",
    "question-site": "lokasi, misalnya kabupaten",
    "question-latitude": "lintang dalam derajat, misalnya -6.8586",
    "question-longitude": "bujur dalam derajat, misalnya 107.9164",
    "question-time-zone": "zona waktu",
    "question-camera": "kamera: rtsp://…, /dev/video0 atau berkas (kosong: tidak ada)",
    "question-pin": "pin GPIO lampu, nomor BCM (kosong: hanya di memori)",
    "question-broker": "broker MQTT, host atau host:port (kosong: tidak ada)",
    "question-trajectories": (
        "berapa hari jalur orang dan kendaraan disimpan, tanpa gambar, agar aturan dapat diuji dengannya"
        " (7 disarankan; papan menyebutkannya)"
    ),
    "init-written": "{file} ditulis; berikutnya: {next}",
    "init-exists": "sudah ada; --force menggantinya, --out menyebut yang lain",
    "unwritable-because": "tidak dapat ditulis: {error}",
    "init-unanswered": "tidak dijawab; tidak ada yang ditulis",
    "init-position-required": "wajib diisi; di mana tiang berdiri?",
    "invalid-number": "{given} bukan angka; tulis seperti {example}",
    "invalid-port": "{given} bukan port; tulis host atau host:port",
    "raised-by-presence": (
        "ada orang terlihat, jadi lampu lebih terang daripada yang Anda atur; dengan --fixed kehadiran tidak "
        "menaikkannya: {again}"
    ),
    "lamp-now": "lampu {state} pada {level}, karena {reason}{lasts}",
    "because-suffix": ", karena: {reason}",
    "by-unknown": "seseorang yang tidak dikenal",
    "override-now": "perintah ke {level} ({mode}) oleh {by}{lasts}{why}",
    "end-with": "akhiri dengan: {command}",
    "no-time-server": "belum tersinkron dengan server waktu",
    "program-unknown-on-bench": (
        'program: tidak diketahui, karena {why}; pada meja uji tanpa server atur [clock] trust = "system"'
    ),
    "program-unknown": "program: tidak diketahui, karena {why}; lihat: {command}",
    "program-now-see": "program: {program}; lihat dengan: {command}",
    "program-now": "program: {program}",
    "no-faults-seen": "tidak terlihat",
    "faults-now": "gangguan: {faults}",
    "faults-and-unknown": "gangguan: {faults}; tidak diketahui tanpa sensor: {unknown}",
    "lasts-for": " selama {left} lagi",
    "lasts-until": " sampai {time} ({left})",
    "lamp-hours": "{hours} jam menyala, {switched} kali dinyalakan, {powered} kali mendapat daya",
    "lamp-energy": "{kwh} kWh, taksiran dari daya terpasang dan siklus kerja",
    "lamp-test-by-agent": "agen menguji lampu selama {seconds} detik, lalu kembali seperti semula",
    "lamp-test-direct": (
        "tidak ada agen yang berjalan di sini: lampu dikendalikan langsung, dan dilepas pada akhirnya"
    ),
    "lamp-test-step": "{seconds} dtk  siklus kerja {duty}",
    "lamp-released": "lampu dilepas: dengan pengawatan acuan ia menyala",
    "agent-drives-lamp": (
        "agen berjalan di sini dan mengendalikan lampu; hentikan dahulu, atau gunakan: pole-agent lamp on"
    ),
    "delivered": "terkirim ",
    "waiting": "menunggu",
    "store-missing": (
        "{folder}: tidak ada penyimpanan; sebutkan foldernya dengan --state-dir atau konfigurasi dengan "
        "--config"
    ),
    "store-counts": (
        "penyimpanan {store}: menunggu {waiting}; terkirim dan disimpan {kept}; dibuang {dropped}"
    ),
    "store-size": "nomor terakhir {last}; {used} dari {most} MB terpakai",
    "every-out-of-range": "adalah 1 atau lebih; baris per gambar (--mot, --detections) perlu 1",
    "invalid-time-example": "{given} bukan waktu; tulis misalnya {example}",
    "agent-would-publish-again": "agen berjalan di sini dan akan mengatakan semuanya lagi; hentikan dahulu",
    "retire-without-broker": "tidak ada [mqtt]: tidak ada broker yang menyimpan sesuatu dari tiang ini",
    "retire-question": "hapus {topic} di broker? [y/T] ",
    "nothing-changed": "tidak ada yang diubah",
    "retire-cleared": "dihapus di broker: {topics}",
    "lamp-undrivable": "lampu dari {file} tidak dapat dikendalikan: {error}; {consequence}",
    "agent-already-running": (
        "sudah ada agen yang berjalan dengan {folder} (proses {process}); hentikan dahulu"
    ),
    "unusable": "tidak dapat dipakai: {error}",
    "reload-timed-out": "berkas baru tidak dapat dibaca: disk tidak menjawab",
    "reload-refused": "berkas baru tidak dipakai: {problems}",
    "sun": "matahari",
    "floor": "batas",
    "override": "perintah",
    "presence": "kehadiran",
    "control": "kendali",
    "rule": "aturan",
    "path": "lintasan",
    "verdict": "penilaian",
    "opened": "dibuka",
    "closed": "ditutup",
    "summarized": "diringkas",
    "incidents": "kejadian",
    "clock": "jam",
    "line": "garis",
    "zone": "zona",
    "gate-open": "buka",
    "gate-closed": "TUTUP",
    "identifier-too-short": "{given} bukan pengenal; tulis sekurangnya empat karakter pertamanya",
    "invalid-time-at": '{given} bukan waktu; tulis "02:13" atau "2026-11-24T02:13"',
    "time-in-future": "{time} belum terjadi",
    "no-lamp-record": "belum ada catatan tentang lampu",
    "no-lamp-record-before": "tidak ada catatan tentang lampu dari sebelum {time}",
    "clock-untrusted-then": "Jam tidak dipercaya saat itu ditulis: waktunya mungkin salah.",
    "agent-started-again": "Agen dimulai lagi {time}.",
    "agent-ended-unrecorded": (
        "Sesudah itu agen berhenti tanpa pesan, mungkin karena listrik padam. Maka pengawatan yang "
        "menentukan."
    ),
    "incidents-ambiguous": "{count} kejadian tersimpan diawali {beginning}; lihat: pole-agent outbox list",
    "incident-line": '{incident} menurut aturan "{rule}", kamera "{camera}", {what} "{name}", {object}.',
    "rule-line": "{kind}, jumlah {count}, lama {dwell} detik, aktif {active} (menurut konfigurasi sekarang)",
    "rule-gone": "tidak ada lagi dalam konfigurasi",
    "incident-still-open": "masih terbuka",
    "no-verdict": "belum ada yang mengatakan apakah itu benar",
    "clock-untrusted-suffix": " (jam tidak dipercaya)",
    "severity-and-tracks": "{severity}, jejak {tracks}",
    "incident-ended": "setelah {seconds} detik, paling banyak {peak} sekaligus, berakhir: {reason}",
    "drone-line": "{request}, ke {place}, dalam {radius} m, setinggi {height} m, {away}.",
    "simulation-sentence": "Ini simulasi: tidak boleh ada yang terbang.",
    "time-by": "{time}, oleh {by}",
    "gates-as-evaluated": "gerbang, seperti terakhir diperiksa:",
    "gate-values": "nilai {value}, batas {limit}, dari {source}",
    "seconds-old": "{age} detik yang lalu",
    "at-least": "sekurangnya {level}",
    "at-most": "paling tinggi {level}",
    "agent-not-here": (
        "tidak ada agen yang berjalan di sini ({socket}); jalankan dengan: pole-agent run --config …, atau "
        "sebutkan soketnya dengan --socket"
    ),
    "agent-not-permitted": (
        "{socket}: pengguna ini tidak boleh berbicara dengan agen; perlu grup pole-agent (sudo usermod -aG "
        "pole-agent $USER)"
    ),
    "agent-closed-connection": "{socket}: agen memutus percakapan",
    "clock-not-trusted-because": "tidak dipercaya: {reason}",
    "dark-by-day": "gelap pada siang hari: jam atau sensor cahaya salah, dan lampu menyala",
    "program-unknown-failsafe": "tidak diketahui, tanpa jam atau program: tingkat pengaman {level}",
    "program-asks": '"{program}" meminta {level}',
    "it-is-dark": "gelap",
    "it-is-day": "siang",
    "darkness-unknown": "tidak diketahui apakah gelap",
    "by-nobody": "tanpa nama",
    "presence-raises": "{source} menaikkannya ke {level}",
    "nobody": "tidak ada",
    "unknown-level": "tingkat yang tidak diketahui",
    "failsafe": "pengaman (failsafe)",
    "warning": "peringatan",
    "sweep": "uji (sweep)",
    "fixed": "tetap",
    "adaptive": "kehadiran boleh menaikkan",
    "lamp": "lampu",
    "status": "status",
    "drone": "drone",
    "traffic": "lalu lintas",
    "dispatcher": "pengendali",
    "told-opened": "{rule}: {kind} ({object}) dibuka",
    "told-closed": "{rule}: {kind} ditutup setelah {seconds} detik",
    "simulation": "simulasi",
    "person-decides": "seorang petugas memutuskan",
    "clip-empty": "{clip}: klip tidak memiliki gambar",
    "request": "permintaan",
    "state": "keadaan",
    "asked-by": "diminta oleh",
    "time": "waktu",
    "target": "sasaran",
    "gates": "gerbang",
    "decided": "keputusan",
    "next": "berikutnya",
    "meaning-detected": "baru terlihat",
    "meaning-suppressed": "ditahan, tidak pernah ditanyakan",
    "meaning-requested": "gerbang sedang diperiksa",
    "meaning-blocked": "sebuah gerbang tertutup",
    "meaning-approved": "perintah berangkat secepatnya",
    "meaning-denied": "ditolak petugas",
    "meaning-expired": "tidak diputuskan pada waktunya",
    "meaning-canceled": "dibatalkan",
    "meaning-sent": "perintah sedang menuju pengendali",
    "meaning-accepted": "pengendali menerimanya",
    "meaning-rejected": "pengendali tidak menerimanya",
    "meaning-in-progress": "sedang terbang",
    "meaning-paused": "penerbangan dijeda",
    "meaning-timeout": "pengendali diam; dibatalkan",
    "meaning-ok": "sudah terbang",
    "meaning-partially-done": "terbang sebagian",
    "meaning-failed": "penerbangan gagal",
    "north": "utara",
    "north-east": "timur laut",
    "east": "timur",
    "south-east": "tenggara",
    "south": "selatan",
    "south-west": "barat daya",
    "west": "barat",
    "north-west": "barat laut",
    "simulation-nothing-may-fly": "simulasi, tidak boleh ada yang terbang",
    "since": "sejak {time}",
    "asked-by-patrol": 'patroli "{patrol}", direncanakan {plan}',
    "asked-by-rule": (
        'aturan "{rule}" ({severity}), kamera "{camera}", di "{place}", keyakinan {score}, {count} kali'
    ),
    "asked-valid-until": "diminta {asked}, berlaku sampai {until}",
    "left-suffix": " ({left} lagi)",
    "target-line": "{latitude}, {longitude}, dalam {radius} m, setinggi {height} m; {where}",
    "at-the-pole": "di tiang itu sendiri",
    "from-the-pole": "{distance} di sebelah {bearing} tiang",
    "gates-not-evaluated": "belum diperiksa",
    "gates-all-open": "semua {count} terbuka",
    "gates-closed": "TERTUTUP: {closed}; {open} terbuka",
    "limit-suffix": ", batas {limit}",
    "age-suffix": ", {age} yang lalu",
    "nobody-yet": "belum ada",
    "by": "oleh",
    "deny-or-cancel": "; atau deny, cancel sebagai ganti approve",
    "officer-name-invalid": "adalah nama 1 sampai 100 karakter dalam satu baris",
    "seconds-out-of-range": "{given} tidak mungkin; beri 1 sampai {most} detik",
    "not-a-pole-message": 'ini bukan pesan drone/request atau info sebuah tiang (tidak ada kunci "pole")',
    "patrol-not-in-message": (
        "patroli {patrol} tidak dikenal; pakai pesan info tiang itu dengan patroli ini, bukan {patrols}"
    ),
    "time-with-zone-expected": 'adalah waktu dengan zonanya, misalnya "2027-01-01T00:00:00Z"',
    "time-is-past": "{time} sudah lewat",
    "not-a-json-object": "bukan objek JSON",
    "message-unreadable": "{file}: tidak dapat dibaca sebagai pesan: {error}",
    "info-unreadable": "ini bukan pesan info sebuah tiang (patrolinya tidak dapat dibaca)",
    "request-unreadable": "ini bukan pesan drone/request ({key} tidak ada atau salah)",
    "private-key-unusable": "{file}: bukan kunci privat dari pole-agent drone key: {error}",
    "date-at-edge": "{date} berada di tepi kalender; sebutkan tanggal lain",
    "night-partly-dark": "  peringatan: program membiarkan sebagian malam ini tanpa cahaya",
    "no-time-server-since-jump": "belum tersinkron dengan server waktu setelah jam melompat",
    "broker-own-mosquitto": "Mosquitto sendiri di {address}",
    "broker-named": "broker {address}",
    "real-time-by-day": "waktu sebenarnya, {time} di tiang: lampu padam pada siang hari",
    "a-camera": "sebuah kamera",
    "frame-time-over": "waktu sebuah gambar adalah {what}; RTSP lewat {transport}",
    "frame-time": "waktu sebuah gambar adalah {what}",
    "night-partly-dark-floor": (
        "  peringatan: program membiarkan sebagian malam ini tanpa cahaya; batas bawah {floor} dipertahankan"
    ),
    "night-as-before": "  {line}   (seperti sebelumnya)",
    "agent-stopped-now": (
        "Sekarang agen tidak berjalan: dihentikan {since}. Pengawatan yang menentukan: menyala, bila sesuai "
        "acuan."
    ),
    "agent-stopped-then": (
        "Pada {at} agen tidak berjalan: dihentikan {since}. Pengawatan yang menentukan: menyala, bila sesuai "
        "acuan."
    ),
    "lamp-is": "Sekarang lampu pada {level}, oleh {reason}, sejak {since}.",
    "lamp-was": "Pada {at} lampu pada {level}, oleh {reason}, sejak {since}.",
    "lamp-was-last": (
        "Agen sekarang tidak berjalan; saat terakhir menulis, lampu pada {level}, oleh {reason}, sejak "
        "{since}."
    ),
    "it-is-deep-night": "gelap, dan malam penuh",
    "floor-holds": "{floor} berlaku",
    "floor-not-by-day": "{floor} tidak mengikat pada siang hari",
    "verdict-true": "benar, kata {by}",
    "verdict-false": "salah, kata {by}",
    "sign-unknown": "?",
    "override-because": "{level} oleh {by}{why}, {where}, {kind}",
    "from-the-pole-itself": "di tiang",
    "from-outside": "dari luar",
    "presence-may-raise": "kehadiran boleh menaikkannya",
    "presence-does-not-count": "kehadiran tidak menaikkannya",
    "bench-timed-out": "agen tidak mendeteksi dalam {seconds} detik",
    "meaning-pending-approval": "menunggu keputusan petugas",
    "new-lamp-undrivable": "lampu dari berkas baru tidak dapat dikendalikan: {error}",
    # the simulated city
    "broker-url-invalid": "{given} bukan broker; tulis mqtt://host:port atau mqtts://host:port",
    "only-with-mqtts": "hanya bersama mqtts://",
    "mosquitto-not-started": (
        "Mosquitto tidak dapat dimulai pada port {port}; apakah port terpakai? pilih yang lain dengan --port"
    ),
    "bench-order-rejected": "perintah {request} ditolak: {reason}",
    "bench-order-accepted": "perintah {request} diterima, disetujui oleh {by}{simulation}",
    "bench-wind": "angin sekarang {wind} m/s",
    "flight-takes-off": "lepas landas",
    "flight-en-route": "dalam perjalanan",
    "flight-on-scene": "di lokasi",
    "flight-returns": "kembali",
    "flight-landed": "mendarat",
    "bench-flight": "penerbangan {request}: {phase}",
    "starts-at-dusk": "jamnya mulai saat senja, {time}",
    "real-time": "waktu sebenarnya, {time} di tiang",
    "flight-waits": "menunggu",
    "flight-no-start": "drone tidak dapat mulai",
    "flight-link-lost": "sambungan ke drone terputus",
    "flight-battery-low": "baterai lemah; drone kembali",
    "bench-simulation": " (simulasi)",
    "bench-order-unreadable": "perintah tidak dapat dibaca: {error}",
    # the doctor
    "timed-out": "tidak ada jawaban dalam {seconds} detik",
    "check-timed-out-fix": "Periksa yang ditunggunya: jaringan, kamera, atau disk.",
    "check-failed": "pemeriksaan ini sendiri gagal: {error}",
    "backend-is-mock": 'lamp.backend adalah "mock": tidak ada lampu yang dikendalikan',
    "backend-is-mock-fix": 'Di tiang, tulis backend = "pwm" atau "gpio" pada [lamp].',
    "no-gpio-chip": "tidak ada chip GPIO (/dev/gpiochip*)",
    "no-gpio-chip-fix": (
        "Apakah ini Raspberry Pi? Di dalam kontainer atau layanan, izinkan: DeviceAllow=char-gpiochip rw."
    ),
    "gpio-not-permitted": "pengguna ini tidak boleh membuka {chips}",
    "gpio-not-permitted-fix": "sudo usermod -aG gpio $USER, lalu masuk kembali.",
    "install-lgpio-fix": (
        "pip install lgpio=={version} (Python 3.11 di aarch64), atau sudo apt install python3-lgpio dan buat "
        "lingkungan dengan --system-site-packages."
    ),
    "lgpio-missing": "pustaka lgpio belum dipasang",
    "lgpio-is-stub": "lgpio {version} hanyalah cangkang kosong: tidak dapat mengendalikan apa pun",
    "gpio-works": "{chips} chip GPIO, lgpio {version}",
    "pwm-missing-fix": (
        "Tambahkan dtoverlay=pwm,pin=18,func=2 ke /boot/firmware/config.txt lalu nyalakan ulang "
        "(docs/wiring.md)."
    ),
    "pwm-not-permitted": "pengguna ini tidak boleh menulis {chip}/export",
    "pwm-not-permitted-fix": (
        "Aturan udev dari scripts/install memberikannya kepada grup gpio; masuklah ke grup itu."
    ),
    "pwm-works": "{chip}, kanal {channel}",
    "sensor-without-number": "{file} tidak memberi angka: {error}",
    "sensor-without-number-fix": "Apakah sensor tersambung, apakah drivernya dimuat?",
    "sensor-gives": "{file} memberi {value}",
    "camera-unreachable-fix": (
        "Apakah kamera menyala dan ada di jaringan ini? pole-agent camera find mencari kamera; pole-agent "
        "camera probe mencobanya. Kamera untuk satu penonton menolak pemeriksaan ini selama agen memakainya."
    ),
    "camera-answers": "kamera menjawab",
    "camera-device-fix": "Apakah kamera terpasang? Apakah pengguna ini ada di grup video?",
    "device-is-there": "{device} ada",
    "picture-failed-fix": "pole-agent camera probe mencobanya dengan keterangan lebih banyak.",
    "picture-works": "{width} × {height}, {fps} gambar per detik",
    "light-in-picture": "cahaya",
    "light-dark": "gelap: kontras gambar diregangkan sebelum jaringan",
    "light-infrared": "inframerah: gambar tanpa warna",
    "light-day": "siang",
    "light-monochrome": "tanpa warna lebih lama dari satu malam",
    "light-colourless": "tanpa warna pada siang hari",
    "light-colourless-fix": "Bila bukan kamera monokrom, periksa sakelar siang/malam (filter inframerah).",
    "model-fix": "Pasang ulang agen, atau sebut model lain pada [detector].",
    "model-speed": "{model}: {milliseconds} ms per gambar, {busy} dari waktu bila semua kamera sibuk",
    "model-slow-fix": (
        "Turunkan fps kamera, atau pilih model yang lebih kecil; bila tidak, ia melihat lebih jarang "
        "daripada yang diminta."
    ),
    "secret-for-service-only": "kata sandi atau sertifikat disimpan hanya untuk layanan",
    "run-as-root-fix": "Periksa sebagai root: sudo pole-agent doctor.",
    "secret-unreadable-fix": "Apakah ada? sudo chgrp pole-agent {file} && sudo chmod 640 {file}",
    "no-default-route": "tanpa rute bawaan: tiang tidak dapat mencapai jaringan lain",
    "no-default-route-fix": (
        "Apakah modem atau kabel tersambung, apakah SIM berpulsa? ip route dan mmcli -m any atau nmcli "
        "device menunjukkan lebih. Sementara itu kejadian menunggu di tiang."
    ),
    "no-carrier": "{interface} tanpa sinyal pembawa",
    "no-carrier-fix": "Periksa kabelnya, juga ujung yang lain.",
    "signal-weak": "{interface}{strength}: lemah",
    "signal-weak-fix": "Pindahkan antena, atau dekatkan titik aksesnya.",
    "network-works": "keluar lewat {interface}{strength}",
    "no-broker-configured": "belum diatur: kejadian tetap di tiang",
    "no-broker-configured-fix": "Tambahkan [mqtt] host.",
    "broker-host-unknown": "nama {host} tidak dikenal: {error}",
    "broker-host-unknown-fix": (
        "Apakah ada jaringan? Apakah namanya benar? resolvectl query menunjukkan jawaban DNS."
    ),
    "broker-unreachable": "{broker} tidak menjawab: {error}",
    "broker-unreachable-fix": (
        "Apakah sambungan aktif (SIM, sinyal, kabel)? Apakah porta diblokir? Sementara itu kejadian menunggu "
        "di tiang."
    ),
    "tls-failed": "{broker}: TLS gagal: {error}",
    "tls-failed-fix": (
        "Periksa ca_file, cert_file, dan key_file pada [mqtt], dan jam tiang ini: tanggal yang salah membuat "
        "semua sertifikat salah."
    ),
    "certificate-unreadable": "{file} tidak dapat dibaca: {error}",
    "certificate-unreadable-fix": "Letakkan sertifikat di sana, dapat dibaca grup pole-agent.",
    "certificate-expires": "berakhir pada {date}",
    "certificate-expires-fix": (
        "Terbitkan yang baru, letakkan menggantikan {file}, lalu: sudo systemctl restart pole-agent."
    ),
    "login-failed-fix": "Periksa berkas yang disebut [mqtt].",
    "login-closed": "{broker} menutup sambungan saat masuk tanpa penjelasan, dengan {versions}",
    "login-closed-fix": (
        "Lognya menjelaskan: sertifikat klien yang diminta, haknya, atau proksi yang brokernya tidak ada."
    ),
    "login-not-answered": "{broker} tidak menjawab saat masuk: {error}",
    "login-not-answered-fix": "Apakah itu porta MQTT, dengan tls seperti pada broker?",
    "login-wrong-password": "{broker} menolak masuk: nama pengguna atau kata sandi salah",
    "login-wrong-password-fix": "Cocokkan username dan password_file pada [mqtt] dengan daftar di broker.",
    "login-not-authorized": (
        "{broker} menolak masuk: tidak berhak (nama pengguna, kata sandi, atau sertifikat salah)"
    ),
    "login-not-authorized-fix": (
        "Periksa username, password_file, dan cert_file pada [mqtt], dan apakah broker mengizinkan klien "
        "tanpa itu."
    ),
    "protocol-unsupported": "{broker} tidak mengenal MQTT {protocol}",
    "protocol-unsupported-fix": 'Atur protocol = "auto" pada [mqtt].',
    "login-identifier-refused": "{broker} tidak menerima pengenal klien milik dokter; lihat kata agen",
    "login-identifier-refused-fix": "systemctl status pole-agent",
    "login-refused": "{broker} menolak masuk: {reason}",
    "login-refused-fix": "Log broker menjelaskan sebabnya.",
    "login-without-retained": (
        "{broker} tidak menyimpan pesan tertahan: yang tersambung kemudian tidak melihat status maupun lampu "
        "sampai berubah"
    ),
    "login-without-retained-fix": "Izinkan pesan tertahan di sana (Mosquitto: retain_available true).",
    "login-qos-0": "{broker} hanya mengizinkan QoS 0: tidak ada pengakuan, jadi kejadian menunggu di tiang",
    "login-qos-0-fix": "Izinkan QoS 1 di sana (Mosquitto: max_qos 1).",
    "login-cannot-subscribe": "{broker} tidak mengizinkan tiang ini mendengar {topics}",
    "login-cannot-subscribe-fix": (
        "Beri tiang hak membaca topik itu di bawah topik dasarnya, dan langganan sebanyak itu."
    ),
    "login-mqtt-3": (
        "{broker} tidak mengenal MQTT 5: dengan 3.1.1 perintah terbang dimatikan, dan pesan yang ditolak "
        "tampak terkirim"
    ),
    "login-mqtt-3-fix": "Pakai broker dengan MQTT 5, atau versi yang lebih baru.",
    "login-without-tls-fix": "Atur tls = true pada [mqtt].",
    "login-without-tls": "{broker} menerima tiang ini dengan MQTT {version}, tanpa enkripsi",
    "login-works": "{broker} menerima tiang ini dengan MQTT {version} dan TLS",
    "clock-accept-fix": (
        "Bandingkan dengan jam tangan. Bila benar: sudo pole-agent clock accept. Bila tidak: periksa server "
        "waktu, chip jam, dan baterainya. Sementara itu lampu menyala pada tingkat aman."
    ),
    "packages-missing": "belum dipasang: {names}",
    "packages-missing-fix": "Pasang ulang: scripts/install.",
    "folder-read-only": "{folder} berada di sistem berkas hanya-baca",
    "folder-read-only-fix": (
        "dmesg memberi tahu apakah kartu rusak: bila ya, ganti. Disengaja? Beri data partisi sendiri "
        "(docs/read-only.md)."
    ),
    "folder-not-writable": "{folder} tidak dapat ditulis pengguna ini",
    "folder-not-writable-fix": "Pengguna layanan harus memilikinya: sudo chown -R pole-agent {folder}",
    "disk-scarce": "{free} MB kosong, penyimpanan boleh memakai {most}",
    "disk-scarce-fix": (
        "Turunkan storage.max_mb, atau kosongkan ruang: sudo journalctl --vacuum-size=50M, sudo apt clean."
    ),
    "sign": "papan",
    "sign-current": "papan di tiang ({hash}) sesuai dengan yang dilakukan tiang",
    "sign-outdated": "papan di tiang ({printed}) sudah usang: yang dilakukan tiang kini berbeda ({now})",
    "sign-before-trajectories": (
        "tiang menyimpan jalur orang dan kendaraan (storage.trajectory_days): papan yang dicetak sebelumnya"
        " sudah usang"
    ),
    "sign-not-given": "belum dinyatakan papan mana yang terpasang di tiang",
    "sign-fix": (
        "Cetak dengan pole-agent explain --page sign.html, pasang, lalu tulis nomornya di konfigurasi:"
        ' [pole] sign = "{hash}"'
    ),
    "trajectories-off": (
        "jalur objek tidak disimpan: atur storage.trajectory_days, lalu tunggu beberapa hari (papan harus"
        " menyebutkannya)"
    ),
    "trajectories-none": "belum ada jalur objek dari {camera} di {folder}",
    "trajectories-not-since": "tidak ada jalur objek sejak {since}",
    "invalid-since": 'waktu tidak sah {given}; harus "7d", "36h", "90m" atau tanggal, "2026-11-20"',
    "files-read": "{done} dari {of} berkas",
    "line-not-configured": "garis {name} tidak dikenal; yang dikenal: {known}",
    "not-configured": "tidak diatur",
    "rehearsal-of": "{camera}: {since} sampai {until}, diamati selama {hours} jam",
    "rehearsal-gaps": "  terputus {breaks} kali, {bytes} byte rusak: yang terjadi di sana tidak diketahui",
    "rehearsal-rule": (
        "{rule} ({kind}, {place}): {new} kejadian, {a_day} sehari; dengan aturan hari ini: {today}"
    ),
    "rehearsal-muted": "  {count} di antaranya melebihi {most} alarm sejam: hanya akan dihitung",
    "rehearsal-many-alarms": (
        "{count} alarm akan disampaikan dalam satu jam sejak {hour}; seorang operator sanggup menangani"
        " sekitar {share} dari semua tiang (EEMUA 191)"
    ),
    "rehearsal-light": "lampu: {new} Wh selama itu; dengan aturan hari ini {today} Wh ({more} Wh)",
    "rehearsal-light-hour": "  {hour} dinaikkan {new} mnt; dengan aturan hari ini {today} mnt ({more} Wh)",
    "count-of": "{line}: {passed} lewat, {forward} maju, {backward} mundur, diamati selama {hours} jam",
    "trajectories-late": "disk terlalu lambat untuk jalur objek: sebagian hilang",
    "trajectories-unwritable": "jalur objek tidak dapat ditulis: {reason}",
    "trajectories-no-room": (
        "tidak ada ruang untuk jalur objek: yang kosong disisakan bagi penyimpanan; turunkan storage.max_mb,"
        " atau kosongkan ruang"
    ),
    "disk-free": "{free} MB kosong di {place}",
    "patches-unknown": "tidak diketahui kapan sistem operasi terakhir diperbarui",
    "patches-age": "sistem operasi terakhir diperbarui {days} hari yang lalu",
    "patches-reboot-pending": (
        "{age}; perlu dinyalakan ulang, sebelum itu kernel atau pustaka lama tetap berjalan"
    ),
    "patches-reboot-fix": (
        "Nyalakan ulang pada siang hari, saat lampu memang padam: sudo systemctl reboot (docs/id/patches.md)."
    ),
    "patches-fix": (
        "Pasang unattended-upgrades menurut docs/id/patches.md, atau: sudo apt-get update && sudo apt-get"
        " upgrade"
    ),
    "wear-unknown": "penyimpanan ini tidak memberi tahu",
    "wear-used": "{percent} % umurnya terpakai",
    "wear-used-fix": "Rencanakan penggantian; yang sudah tersimpan masih ada.",
    "memory-free": "{free} dari {total} MB kosong",
    "memory-scarce-fix": "Hentikan program lain di sini; tiang perlu 1 GB.",
    "processes-killed": "{memory}; {kills} proses dihentikan karena kekurangan memori sejak menyala",
    "board-unknown": "papan ini tidak memberi suhu maupun tegangan",
    "board-temperature": "{celsius} °C",
    "voltage-too-low": "{celsius} °C, tegangan terlalu rendah",
    "voltage-too-low-fix": "Gunakan catu daya lebih kuat (5,1 V, 3 A; Pi 5: 5 A) dan kabel pendek tebal.",
    "board-throttled": "{celsius} °C, prosesor diperlambat",
    "board-throttled-fix": (
        "Beri sirkulasi udara atau pendingin. Detektor melambat dahulu, lampu tidak pernah."
    ),
    "no-watchdog": "tidak ada watchdog perangkat keras (/dev/watchdog)",
    "no-watchdog-fix": "Di Raspberry Pi: dtparam=watchdog=on di /boot/firmware/config.txt.",
    "watchdog-unused": "ada, tetapi tidak dipakai systemd",
    "watchdog-unused-fix": (
        "scripts/install menulis RuntimeWatchdogSec=15 ke /etc/systemd/system.conf.d; nyalakan ulang "
        "sesudahnya. Lebih dari 15 detik mematikan watchdog Pi 4."
    ),
    "watchdog-used": "dipakai systemd, {timeout}",
    "no-systemd": "systemd tidak berjalan di sini",
    "service-state": "{enabled}, {active}, {restarts} kali mulai ulang",
    "service-fix": (
        "sudo systemctl enable --now {unit}; journalctl -u {unit} -n 50 memberi tahu mengapa tidak berjalan."
    ),
    "service-restarts-fix": "journalctl -u {unit} memberi tahu mengapa mulai ulang.",
    "clock-and-source": "{now}, {source}",
    "clock-but": "{now}, tetapi {reason}",
    "clock-unheard-fix": (
        "timedatectl timesync-status atau chronyc sources menunjukkan sebabnya; porta UDP 123 harus terbuka. "
        "Chip jam membantu bila tanpa jaringan."
    ),
    "clock-wrong-fix": (
        "Sambungkan jaringan dengan server waktu, pasang chip jam (RTC), atau atur: sudo timedatectl "
        "set-time. Sementara itu lampu menyala pada tingkat aman."
    ),
    "clock-chip-works": "/{device} ada",
    "no-clock-chip": "tidak ada (RTC)",
    "no-clock-chip-fix": (
        "Sebelum tersinkron dengan server waktu, lampu menyala pada tingkat aman. Pi 5 perlu baterai pada "
        "konektornya, yang lama perlu DS3231 (docs/clock.md)."
    ),
    # what the system and the libraries say, as they write it
    "library-not-authorized": "tidak berhak",
    "library-at-least": "sekurangnya {limit}",
    "library-at-most": "paling banyak {limit}",
    "library-above": "lebih dari {limit}",
    "library-below": "kurang dari {limit}",
    "library-text-too-short": "teks sekurangnya {least} huruf; diberikan: {given}",
    "library-text-too-long": "teks paling banyak {most} huruf; diberikan: {given}",
    "library-no-such-file": "berkas atau folder tidak ada",
    "library-permission-denied": "akses ditolak",
    "library-not-permitted": "tidak diizinkan",
    "library-no-space": "disk penuh",
    "library-disk-quota": "kuota disk terlampaui",
    "library-read-only": "sistem berkas hanya-baca",
    "library-is-a-directory": "ini folder",
    "library-not-a-directory": "bukan folder",
    "library-file-exists": "berkas sudah ada",
    "library-name-too-long": "nama berkas terlalu panjang",
    "library-io-error": "kesalahan baca-tulis",
    "library-connection-refused": "sambungan ditolak",
    "library-no-route": "tidak ada rute ke host",
    "library-network-unreachable": "jaringan tidak terjangkau",
    "library-name-unknown": "nama tidak dikenal",
    "library-name-for-now": "nama tidak dapat dicari untuk sementara",
    "library-toml-at": "{problem} (pada baris {line}, kolom {column})",
    "library-toml-at-end": "{problem} (pada akhir berkas)",
    "library-toml-key-start": "karakter pertama kunci tidak sah",
    "library-toml-value": "nilai tidak sah",
    "library-toml-character": "ada karakter tidak sah {character}",
    "library-toml-twice": "{name} tidak boleh dinyatakan dua kali",
    "library-toml-table-end": "seharusnya ada ']' pada akhir nama bagian",
    "library-toml-array-end": "seharusnya ada ']]' pada akhir nama bagian",
    "library-toml-immutable": "{name} sudah lengkap dan tidak boleh ditambah",
    "library-toml-redefined": "{name} tidak boleh ditulis ulang",
    "library-toml-overwritten": "kunci ini sudah ditulis sebelumnya",
    "library-toml-equals": "seharusnya ada '=' setelah kunci",
    "library-toml-hex": "nilai heksadesimal tidak sah",
    "library-toml-scalar": "karakter dengan garis miring terbalik ini bukan karakter Unicode",
    "library-toml-newline": "seharusnya baris baru setelah pernyataan",
    "library-toml-open-array": "daftar tidak ditutup",
    "library-toml-inline-twice": "kunci {key} ditulis dua kali di dalam kurung kurawal",
    "library-toml-open-table": "kurung kurawal tidak ditutup",
    "library-toml-unescaped": "tanda '\\' di dalam teks harus ditulis dua kali",
    "library-toml-illegal": "karakter {character} tidak boleh",
    "library-toml-expected": "seharusnya {what}",
    "library-toml-open-string": "teks tidak ditutup",
    "library-toml-date": "tanggal atau waktu tidak sah",
    "library-toml-statement": "pernyataan tidak sah",
    # models
    "model-columns": (
        "AP50 dalam persen: orang / roda dua / kendaraan; biaya: waktu satu gambar, nanodet-g-320-int8 = 1"
    ),
    "model-installed": "{name} terpasang ({path}); pilih dengan: pole-agent model use {name}",
    "model-chosen": (
        "[detector] model adalah {value} di {path}; agen memakainya setelah: systemctl reload pole-agent"
    ),
    "model-name": "nama model {name} tidak sah; hanya huruf, angka, titik, _ dan -, 1 sampai 64",
    "model-not-offered": (
        "model {name} tidak dikenal dalam katalog; yang ada: {known}; atau beri jalur kartu dengan [download]"
    ),
    "model-not-here": "model {name} tidak dikenal; di mesin ini: {known}",
    "model-not-fetched": "model {name} tidak ada di mesin ini; ambil dengan: pole-agent model get {name}",
    "model-without-download": "{card}: kartu ini tidak memiliki tabel [download] dengan url dan bytes",
    "model-not-copied": (
        "{file}: tidak dapat ditulis: {error}; jalankan dengan sudo, atau pilih folder dengan --folder"
    ),
    "model-family-unknown": "keluarga {family} tidak dikenal; didukung: {known}",
    "model-input": "{model}: masukan {input} berukuran {shape}; diharapkan satu gambar berukuran tetap",
    "model-not-onnx": "{model}: ONNX Runtime tidak dapat membacanya: {error}",
    "edit-by-hand": 'tidak dapat diubah di sini; tulis sendiri {key} = "{value}"',
    "config-not-written": "{path}: tidak dapat ditulis: {error}; jalankan dengan sudo",
    "download-failed": "{source}: pengunduhan gagal: {error}",
    "download-not-https": "{url}: ditolak; diharapkan alamat yang diawali https://",
    "download-size": "{source}: {size} bita; diharapkan {expected}: ini berkas lain",
    "download-broke-off": (
        "{source}: pengunduhan terputus setelah {size} dari {expected} bita; jalankan lagi untuk melanjutkan"
    ),
    "download-other-file": "{source}: ini bukan berkas dari katalog: sha256 {found}…, diharapkan {expected}…",
    "bench-models": (
        "{threads} thread, {rate} gambar/detik; waktu satu gambar, bagian waktu (paling banyak {busy}), "
        "rata-rata AP50 dalam persen"
    ),
    "bench-no-model-keeps-up": (
        "tidak ada model yang sanggup di papan ini; turunkan --fps, atau kurangi kamera"
    ),
    "bench-recommends": "disarankan di sini: {name}",
    # the page
    "network-invalid": 'jaringan tidak sah {given}; diharapkan alamat seperti "127.0.0.1" atau "10.8.0.0/24"',
    "page-needs-both-files": "cert_file dan key_file harus diisi bersama",
    "page-needs-tls": (
        "{host} dapat dijangkau dari mesin lain: isi cert_file dan key_file, atau trusted_proxies "
        "untuk proksi yang mengurus HTTPS; atau biarkan 127.0.0.1 dan masuk lewat ssh"
    ),
    "overlay-no-json": "JSON tidak sah: {error}",
    "overlay-key-unknown": "tidak boleh ada di overlay; diharapkan {known}; ubahlah di pole.toml",
    "overlay-list-expected": "diharapkan daftar tabel",
    "trial-crashed": "agen gagal mulai {count} kali dengannya",
    "trial-silent": "agen tidak menjawab",
    "trial-not-taken": "agen tidak menjalankannya; lognya mengatakan mengapa",
    "trial-broker": "broker belum mengonfirmasinya setelah {seconds} detik",
    "trial-worse": "bagian yang tadinya bekerja kini terganggu: {parts}",
    "trial-cut": "percobaan terputus, karena listrik padam atau proses dihentikan",
    "trial-by-hand": "berkas diubah dengan tangan selama percobaan; berkas itu tetap dipakai",
    "journal-damaged": "{file}: tidak sah ({error}); jurnal disisihkan, konfigurasi sekarang tetap dipakai",
    "apply-no-agent": "agen tidak berjalan; tidak ada yang dipasang",
    "apply-clock-untrusted": "jam belum dipercaya; tidak ada yang dipasang sampai dipercaya",
    "target-missing": "{target} tidak ada di repositori",
    "target-name-taken": "{file} berbeda dari {target}; beri nama baru untuk yang baru",
    "remote-not-set-up": (
        'tidak ada; tulislah repository = "https://…" di dalamnya, dan taruh akar pertama di sampingnya '
        "(root.json): docs/id/fleet.md"
    ),
    "apply-state": "konfigurasi {sha256}: {state}",
    "wave-invalid": (
        "gelombang {wave} tidak sah; diharapkan canary (daftar), percent (0 sampai 100) dan hold "
        "(true atau false)"
    ),
    "bundle-without-version": "paket yang ditandatangani tidak menyebut versi",
    "release-held": "belum giliran tiang ini",
    "release-waits": "menunggu waktu yang diatur di remote.toml",
    "bundle-too-large": "{file}: ditolak: isinya lebih dari 2 GB atau 20 000 berkas",
    "bundle-invalid": "{file}: bukan paket dari scripts/bundle ({error})",
    "installer-timed-out": "pemasang belum selesai setelah {minutes} menit",
    "installer-failed": "pemasang gagal, versi sebelumnya tetap berjalan: {said}",
    "overlay-table-expected": "diharapkan tabel",
    "change-needs-one-key": "perlu satu kunci konfigurasi",
    "change-needs-two-keys": "perubahan ini perlu dua dari tiga kunci; tanda tangani sebagai full/POLE.toml",
    "change-needs-hand": "ditolak: hanya orang di tiang yang boleh mengubahnya",
    "change-asks-for-drone": "aturan yang meminta drone, atau tempatnya, perlu dua dari tiga kunci",
    "change-mask-away": "menghapus masker privasi perlu dua dari tiga kunci",
    "change-below-floor": "tingkat di bawah [lamp] floor perlu dua dari tiga kunci",
    "change-path-outside": (
        "ditolak: {value} di luar yang boleh disebut konfigurasi jarak jauh; diharapkan kredensial "
        "($CREDENTIALS_DIRECTORY/pole_NAMA), fences/NAMA.geojson, nama model, aliran atau /dev/videoN"
    ),
    "change-password-elsewhere": (
        "ditolak: host, port atau enkripsi lain akan mendapat sandi lama; berikan password_file baru"
    ),
    "overlay-masks-expected": "diharapkan daftar poligon untuk setiap kamera",
    "overlay-camera-unknown": "kamera tidak dikenal; diharapkan salah satu dari {known}",
    "overlay-refused": "overlay dari halaman tidak dipakai: {problems}",
    "overlay-is-used": (
        "{zones} zona, {lines} garis, dan {rules} aturan berasal dari halaman, dan {masks} penutup "
        "ditambahkan olehnya ({file})"
    ),
    "overlay-taken-back": "perubahan yang dibuat di halaman dibatalkan: {reason}",
    "overlay-trial-cut": "agen berhenti sebelum perubahan itu dikonfirmasi",
    "page-too-slow": "batas waktu habis: permintaan terlalu lama",
    "page-failed": "gagal; log agen menyebutkan sebabnya",
    "page-host-unknown": "nama host tidak dikenal; diharapkan alamat tiang, atau nama dari [page] names",
    "page-not-here": "tidak ditemukan",
    "page-forged": "ditolak: permintaan ini tidak berasal dari halaman ini; muat ulang halaman",
    "page-login-first": "masuk terlebih dahulu",
    "page-right-missing": "ditolak: peran {role} tidak boleh melakukan ini",
    "page-no-picture": "ditolak: gambar hanya ditampilkan di tiang",
    "page-question-invalid": "pertanyaan tidak sah: {error}",
    "page-command-invalid": 'perintah tidak sah; diharapkan {{"path": …, "payload": {{…}}}}',
    "page-flood": "ditolak: terlalu banyak perintah; coba lagi satu menit lagi",
    "page-login-invalid": "nama dan kata sandi diperlukan",
    "page-login-wrong": "nama atau kata sandi salah",
    "page-login-later": "terlalu banyak kata sandi salah; coba lagi dalam {seconds} dtk",
    "page-cannot-save": "ditolak: agen ini tidak dapat menyimpan perubahan",
    "page-changed-meanwhile": "orang lain telah menyimpan perubahan; muat ulang halaman",
    "page-rehearses-already": "sebuah uji coba sedang berjalan; coba lagi setelah selesai",
    "page-overlay-too-large": "terlalu besar; diharapkan paling banyak {most} KB",
    "accounts-damaged": "rusak; buat akun lagi: pole-agent page user add",
    "password-length": "kata sandi tidak sah; diharapkan {least} sampai {most} karakter",
    "account-name-invalid": "nama tidak sah; diharapkan 1 sampai 100 karakter tanpa spasi di awal dan akhir",
    "account-known": "akun {name} sudah ada; untuk kata sandi baru: pole-agent page user passwd",
    "account-unknown": "akun {name} tidak dikenal; yang dikenal: {known}",
    "accounts-too-many": "sudah ada {most} akun; hapus satu terlebih dahulu",
    "accounts-written": "{file} telah ditulis; halaman yang berjalan langsung memakainya",
    "password-prompt": "Kata sandi (12 karakter atau lebih): ",
    "password-again": "Sekali lagi: ",
    "passwords-differ": "kedua kata sandi berbeda",
    "demo-page": "lihat di: {address} (hanya di mesin ini; semuanya simulasi)",
    # the page, in the browser
    "ui-now": "Sekarang",
    "ui-tonight": "Malam ini",
    "ui-setup": "Penyetelan",
    "ui-drone": "Drone",
    "ui-health": "Kondisi",
    "ui-login": "Masuk",
    "ui-name": "Nama",
    "ui-password": "Kata sandi",
    "ui-enter": "Masuk",
    "ui-leave": "Keluar",
    "ui-simulation": "SIMULASI",
    "ui-lost": "koneksi terputus",
    "ui-connected": "terhubung",
    "ui-language": "Bahasa",
    "ui-views": "Tampilan",
    "ui-lost-words": "Tiang tidak menjawab; yang terlihat sudah lama. Mencoba lagi …",
    "ui-clock-untrusted": "Jam tidak dipercaya:",
    "ui-picture-of": "Gambar kamera {camera}",
    "ui-stage-of": "Zona, garis, penutup, dan kotak kamera {camera}",
    "ui-street": "Jalan",
    "ui-camera": "Kamera",
    "ui-no-camera": "Tidak ada kamera yang disetel.",
    "ui-picture-waits": "Menunggu gambar …",
    "ui-drawn-only": "Gambar tetap di tiang; ini digambar dari kotak.",
    "ui-nobody": "tidak ada siapa pun",
    "ui-lamp": "Lampu",
    "ui-until": "sampai {time}",
    "ui-why": "Mengapa?",
    "ui-open-incidents": "Kejadian yang terbuka",
    "ui-store-silent": "Penyimpanan tidak menjawab.",
    "ui-none": "Tidak ada.",
    "ui-last-days": "Tiga hari terakhir",
    "ui-no-incidents": "Tidak ada kejadian.",
    "ui-open-still": "masih terbuka",
    "ui-was-one": "Benar terjadi",
    "ui-false-alarm": "Alarm palsu",
    "ui-verdict-true": "dicatat: benar terjadi",
    "ui-verdict-false": "dicatat: alarm palsu",
    "ui-traffic": "Lalu lintas, setiap lima menit",
    "ui-class": "Jenis",
    "ui-traffic-of": "{class}: berapa yang datang, setiap lima menit",
    "ui-no-traffic": "Belum ada ringkasan; yang pertama datang setelah lima menit.",
    "ui-night-chart": "Malam {evening}: tingkat rencana dan yang terjadi, dalam persen",
    "ui-night-legend": "Garis: rencana. Bidang: yang terjadi. Garis tegak: sekarang.",
    "ui-as-table": "Sebagai tabel",
    "ui-from": "Dari",
    "ui-to": "Sampai",
    "ui-planned": "Rencana",
    "ui-program-tonight": "Program {program}; pada malam hari dari luar tidak pernah di bawah {floor}.",
    "ui-energy-planned": "Rencana: {kwh} kWh pada {watts} W.",
    "ui-level": "Tingkat",
    "ui-minutes": "Menit (1 sampai 720)",
    "ui-fixed": "tetap: kehadiran tidak menaikkannya",
    "ui-set": "Atur",
    "ui-resume": "Kembali ke program",
    "ui-done": "Selesai.",
    "ui-no-right": "Peran Anda boleh melihat ini, tidak boleh mengubahnya.",
    "ui-unknown": "tidak diketahui",
    "ui-gates": "Gerbang",
    "ui-gate": "Gerbang",
    "ui-state": "Status",
    "ui-value": "Nilai",
    "ui-limit": "Batas",
    "ui-gate-open": "terbuka",
    "ui-gate-closed": "tertutup",
    "ui-gates-not-yet": "Gerbang belum dinilai.",
    "ui-key-ready": "Kunci telah dibaca; kunci tetap di peramban ini.",
    "ui-key-file": "Kunci pribadi Anda (tetap di peramban ini)",
    "ui-not-an-officer": "Tiang ini mengenal kunci {names}; nama akun Anda harus sama.",
    "ui-key-needs-https": (
        "Peramban ini hanya menandatangani lewat https atau di tiang itu sendiri (127.0.0.1)."
    ),
    "ui-key-invalid": "kunci tidak sah; diharapkan berkas buatan pole-agent drone key",
    "ui-approve": "Setujui penerbangan",
    "ui-deny": "Tolak",
    "ui-cancel": "Batalkan",
    "ui-simulation-nothing-flies": "Simulasi: tidak ada yang terbang.",
    "ui-asked": "diminta {count} kali",
    "ui-valid-until": "Diminta {asked}, berlaku sampai {until}",
    "ui-target": "Sasaran",
    "ui-above-ground": "di atas tanah",
    "ui-history": "Riwayat",
    "ui-flights-stopped": "Semua penerbangan dihentikan oleh {by}.",
    "ui-stop-all": "Hentikan semua penerbangan",
    "ui-resume-flights": "Izinkan penerbangan lagi",
    "ui-drone-requests": "Permintaan drone",
    "ui-drone-off": "Permintaan drone dimatikan di pole.toml.",
    "ui-map": "Peta sekitar tiang",
    "ui-north": "U",
    "ui-parts": "Bagian",
    "ui-part-ok": "baik",
    "ui-part-warn": "peringatan",
    "ui-part-fail": "gagal",
    "ui-part-degraded": "terganggu",
    "ui-part-unknown": "tidak diketahui",
    "ui-examining": "Memeriksa …",
    "ui-examine": "Periksa tiang",
    "ui-doctor": "Pemeriksaan",
    "ui-nothing-kept": "Belum ada yang disimpan.",
    "ui-since": "sejak {time}",
    "ui-why-lamp": "Mengapa lampu demikian",
    "ui-log": "Catatan perintah",
    "ui-vitals": "Tanda vital",
    "ui-clock": "Jam",
    "ui-trusted": "dipercaya",
    "ui-uplink": "Koneksi pusat",
    "ui-no-broker": "tidak ada broker yang disetel",
    "ui-online": "daring",
    "ui-offline": "luring",
    "ui-waiting": "Peristiwa menunggu",
    "ui-last-number": "Peristiwa terakhir",
    "ui-dropped": "Dibuang",
    "ui-uptime": "Berjalan selama",
    "ui-memory": "Memori",
    "ui-disk": "Disk bebas",
    "ui-temperature": "Suhu",
    "ui-version": "Versi",
    "ui-light-day": "siang",
    "ui-light-dark": "gelap",
    "ui-light-infrared": "inframerah",
    "ui-light-monochrome": "monokrom",
    "ui-point": "Titik {number}: x {x}, y {y}; tombol panah menggesernya, Delete menghapusnya",
    "ui-points-of": "Titik {name}",
    "ui-point-short": "Titik",
    "ui-actions": "Tindakan",
    "ui-coordinate": "Titik {number}, {axis}",
    "ui-insert-after": "Sisipkan titik setelah {number}",
    "ui-delete-point": "Hapus titik {number}",
    "ui-new-rule": "aturan baru",
    "ui-kind": "Macam",
    "ui-zone": "Zona",
    "ui-line": "Garis",
    "ui-mask": "Penutup",
    "ui-whole-picture": "seluruh gambar",
    "ui-direction": "Arah",
    "ui-direction-any": "sembarang",
    "ui-direction-forward": "maju",
    "ui-direction-backward": "mundur",
    "ui-dwell": "Lama tinggal (dtk)",
    "ui-count": "Sekurang-kurangnya",
    "ui-active": "Aktif",
    "ui-severity": "Tingkat kepentingan",
    "ui-most-an-hour": "Alarm sejam, paling banyak",
    "ui-notify": "Beri tahu (label, pisahkan dengan koma)",
    "ui-classes": "Jenis",
    "ui-raises-lamp": "menaikkan lampu",
    "ui-for-seconds": "selama (detik)",
    "ui-asks-for-drone": "meminta drone",
    "ui-delete-rule": "Hapus aturan ini",
    "ui-rehearsed": "Uji coba",
    "ui-rule": "Aturan",
    "ui-alarms-new": "Dengan aturan ini",
    "ui-alarms-today": "Dengan aturan hari ini",
    "ui-a-day": "sehari",
    "ui-light-costs": "Lampu: {after} Wh dengan aturan ini, {before} Wh dengan aturan hari ini.",
    "ui-lamp-raised": "Menit ketika lampu lebih terang, setiap jam",
    "ui-hour": "Jam",
    "ui-lamp-test-on": "Lampu menyala {level} selama 30 detik.",
    "ui-tests": "Pengujian",
    "ui-camera-figures": "{rate} gambar sedetik, terlambat {latency} ms",
    "ui-model": "Model",
    "ui-model-figures": "{runs} kali jalan, masing-masing {ms} ms",
    "ui-elsewhere": "Selebihnya",
    "ui-elsewhere-words": (
        "Halaman ini hanya mengubah zona, garis, aturan, dan penutup tambahan. Untuk kamera, "
        "lampu, broker, dan rahasia, di tiang:"
    ),
    "ui-zones-lines-masks": "Zona, garis, dan penutup",
    "ui-draw": "Gambar",
    "ui-draw-zone": "Gambar zona",
    "ui-draw-line": "Gambar garis",
    "ui-draw-mask": "Gambar penutup",
    "ui-undo": "Urungkan",
    "ui-draw-how": (
        "Klik menambah titik; klik pada titik pertama, atau Enter, menutup bentuk; Escape mengakhiri."
    ),
    "ui-draw-line-how": "Klik awal dan akhir garis.",
    "ui-edit-how": (
        "Klik bentuk untuk memilihnya. Seret titik untuk menggeser, klik sisi untuk menyisipkan, "
        "tekan lama titik untuk menghapus. Tabel melakukan hal yang sama dengan papan ketik."
    ),
    "ui-mask-false-box": "Tutup kotak yang salah",
    "ui-shapes": "Bentuk",
    "ui-delete": "Hapus",
    "ui-rules": "Aturan",
    "ui-save-title": "Coba dan simpan",
    "ui-save": "Simpan",
    "ui-rehearse": "Uji coba pada 7 hari terakhir",
    "ui-back-to-file": "Kembali ke pole.toml",
    "ui-no-trajectories": "Aturan dapat diuji coba setelah [storage] trajectory_days diisi.",
    "ui-saving": "Menyimpan …",
    "ui-on-trial": "Tersimpan. Tiang mencobanya dan mempertahankannya bila berjalan baik …",
    "ui-rehearsing": "Menguji coba; satu minggu memerlukan hingga satu menit …",
    "ui-kept": "Dipertahankan: tiang berjalan baik dengannya.",
    "ui-taken-back": "Dibatalkan: tiang tidak berjalan baik dengannya. Yang lama berlaku; lihat Kondisi.",
    "ui-override": "Perintah lampu",
    "ui-requests-waiting": "Permintaan menunggu: {count}",
    "ui-problems": "Masalah: {count}; tidak ada yang disimpan",
    "ui-degraded": "terganggu: {count}",
    "page-step-invalid": "langkah tidak sah; diharapkan namanya, dan jawaban paling banyak 200 karakter",
    "page-no-commissioning": "ditolak: demo bukan tiang yang dapat dioperasikan",
    "page-step-under-way": "sebuah langkah sedang berjalan; coba lagi setelah selesai",
    "ui-commission": "Mulai operasikan",
    "ui-commission-words": (
        "Langkah demi langkah, sebagian oleh tiang dan sebagian oleh Anda. Dilanjutkan dari tempat berhenti."
    ),
    "ui-step-left": "belum",
    "ui-step-asked": "jawaban Anda",
    "ui-step-ok": "baik",
    "ui-step-warn": "dengan catatan",
    "ui-step-fail": "gagal",
    "ui-answer-these": "Jawab",
    "ui-walk-now": "Berjalanlah melewati zona sekarang; Anda punya 90 detik …",
    "ui-looking": "Memeriksa …",
    "ui-do-step": "Lakukan langkah ini",
    "ui-sign-off": "Tanda tangani",
    "ui-steps-open": "Langkah yang belum selesai: {count}",
    "ui-steps-done": "Semua langkah selesai.",
    "ui-signed-by": "Yang menandatangani",
    "ui-despite": "Mengapa dioperasikan dengan cacat (hanya bila ada)",
    "ui-signed-off": "Ditandatangani; pusat diberi tahu.",
    "ui-report": "Berita acara untuk dicetak",
    # commissioning
    "choice-yes": "ya",
    "choice-no": "tidak",
    "choice-dark": "tanpa cahaya",
    "choice-dim": "cahaya redup",
    "choice-full": "cahaya penuh",
    "choice-time": "jam, misalnya 14:05",
    "word-lit": "menyala",
    "word-unlit": "tidak menyala",
    "sign-left": "belum",
    "step-identity": "Identitas tiang",
    "step-clock": "Jam",
    "step-configuration": "Konfigurasi",
    "step-night": "Cahaya malam ini",
    "step-lamp": "Lampu",
    "step-feedback": "Umpan balik lampu",
    "step-fail-lit": "Menyala tanpa papan",
    "step-camera": "Kamera",
    "step-masks": "Topeng privasi",
    "step-walk": "Berjalan melalui zona",
    "step-uplink": "Sambungan ke kota",
    "step-disk": "Penyimpanan",
    "step-board": "Catu daya, panas, dan layanan",
    "step-drone": "Gerbang drone",
    "step-sign": "Papan informasi di tiang",
    "task-lamp": "Perhatikan lampu. Lampu berubah begitu Anda lanjut, dan tetap begitu sampai Anda menjawab.",
    "task-fail-lit": (
        "Putuskan catu daya papan (bukan lampu) selama sepuluh detik, dan perhatikan lampu sementara "
        "itu. Lalu nyalakan lagi papan dan lanjutkan langkah ini."
    ),
    "task-walk": (
        "Berjalanlah sendirian melalui zona, dari satu sisi ke sisi lain. Anda punya 90 detik sejak Anda"
        " lanjut."
    ),
    "ask-plate": "Apakah pelat dan surat tugas menyebut {pole} ({name}) di {where}?",
    "ask-replacement": (
        "Broker atau penyimpanan mengenal store lain dari tiang ini. Apakah papan ini penggantinya?"
    ),
    "ask-phone": "Jam berapa di ponsel Anda?",
    "ask-light": "Bagaimana lampunya?",
    "ask-lit": "Apakah lampu menyala selama papan tanpa catu daya?",
    "ask-right-view": (
        "Apakah gambar ini pandangan kamera ini, tegak dan tajam, dengan zona di tempat orang berjalan?"
    ),
    "ask-covered": "Apakah setiap jendela, pintu, dan halaman rumah hitam di gambar?",
    "ask-stop": "Apakah petugas jaga tahu cara menghentikan semua penerbangan?",
    "ask-sign": "Apakah papan informasi tergantung di tiang, terbaca sebelum kamera melihat orang?",
    "commission-enter": "Tekan Enter untuk lanjut. ",
    "commission-again": "u mengulang langkah ini, Enter lanjut. ",
    "commission-later": "Sesudah itu, lanjutkan dengan {command}",
    "commission-picture": "gambar ada di {file}; hanya untuk Anda, dan dihapus setelah Anda menjawab",
    "commission-done": "semua langkah selesai: {ok} baik, {warn} dengan catatan, {fail} gagal",
    "commission-sign-now": "tandatangani dengan {command}",
    "commission-told": "ditandatangani, dan diberitahukan ke kota: record_sha256 {hash}",
    "commission-card-moved": (
        "kartu ini ditandatangani di papan lain ({board}); papan itu jangan dinyalakan lagi"
    ),
    "commission-copied": (
        "penyimpanan ini ditandatangani di papan lain ({board}); kartu tidak disalin ke tiang kedua"
    ),
    "commission-known-before": (
        "kota mengenal penyimpanan tiang ini yang terdahulu: {stores}; mungkin tiang lain memakai namanya"
    ),
    "commission-plate-differs": "pelat tidak menyebut {pole}; perbaiki [pole] id dan site",
    "commission-identity-ok": "{pole}, penyimpanan {store}",
    "commission-clock-off": "jam meleset {minutes} menit; periksa server waktu dan [pole] timezone ({zone})",
    "commission-clock-ok": "{time}, sama dengan ponsel",
    "commission-configuration-differs": "agen menjalankan konfigurasi lain dari berkasnya; muat ulang",
    "commission-configuration-ok": "konfigurasi {digest} berjalan",
    "commission-no-echo": (
        "pengiriman diterima, tetapi status tiang sendiri tidak kembali dalam {seconds} detik; periksa "
        "hak berlangganan di broker"
    ),
    "commission-nothing-acknowledged": "tidak ada peristiwa yang diterima; periksa hak peristiwa di broker",
    "commission-uplink-ok": "{broker}: {events} peristiwa diterima, dan status tiang sendiri kembali",
    "commission-lamp-held": "lampu diminta {wanted}, agen memberi {level}; ada hal lain yang didahulukan",
    "commission-lamp-inverted": (
        "diminta {asked}, terlihat {sees}: pin terbalik; periksa lamp.active_low dan pengawatan"
    ),
    "commission-lamp-undimmed": (
        "diminta cahaya redup, terlihat {sees}: lampu tidak mengikuti peredupan; periksa driver dan kabelnya"
    ),
    "commission-lamp-differs": "diminta {asked}, terlihat {sees}; periksa driver, pin, dan kabel",
    "commission-lamp-ok": "diminta {asked}, terlihat begitu, pada {level}",
    "commission-not-unplugged": (
        "papan belum pernah tanpa catu daya sejak langkah ini dimulai; putuskan catu dayanya dan jawab lagi"
    ),
    "commission-dark-unplugged": "lampu gelap tanpa papan; periksa pengawatan, lihat docs/wiring.md",
    "commission-fail-lit-ok": "papan mulai ulang, dan lampu menyala sementara itu",
    "commission-feedback-silent": "umpan balik tidak memberi nilai; periksa pin atau berkasnya",
    "commission-feedback-inverted": "umpan balik terbalik; periksa lamp.feedback.active_low",
    "commission-feedback-stuck": "umpan balik selalu mengatakan {lit}; periksa sensor dan kabelnya",
    "commission-feedback-ok": "umpan balik mengikuti lampu",
    "commission-no-program": "lampu kini tanpa program, karena jam tidak dipercaya",
    "commission-dark-night": (
        "program tidak memberi cahaya di malam hari; periksa lamp.program dan part_night"
    ),
    "commission-dark-hours": (
        "program membuat {nights} malam dalam setahun gelap sebagian, {hours} jam seluruhnya"
    ),
    "commission-night-ok": "program {program}, sampai {most} di malam hari",
    "commission-device-in-use": (
        "agen memegang perangkat ini, jadi gambarnya tidak dilihat di sini; lihat di halaman"
    ),
    "commission-frozen": "gambar membeku: {frames} bingkai semuanya sama",
    "commission-picture-dark": "gambar hampir hitam; lihat lagi ketika ada cahaya",
    "commission-wrong-view": "gambar bukan pandangan kamera {camera}; periksa sumber dan arahnya",
    "commission-mask-leaks": "topeng tidak menutup: {pixels} pikselnya memperlihatkan jalan",
    "commission-mask-shape": "topeng digambar pada gambar {drawn}, kini {now}; gambar ulang",
    "commission-mask-missing": "ada bagian rumah yang terlihat; gambar topeng di atasnya",
    "commission-masks-ok": "{masks} topeng menutup {share} gambar",
    "commission-zone-masked": "{share} zona {zone} ada di bawah topeng; tidak seorang pun terlihat di sana",
    "commission-nobody-seen": (
        "tidak seorang pun terlihat di zona {zone} dalam {seconds} detik; periksa letaknya dan arah kamera"
    ),
    "commission-zone-busy": "ada orang lain di zona {zone}; berjalan lagi ketika kosong",
    "commission-walk-ok": "{zone}: {label} diikuti setelah {after} detik",
    "commission-disk-ok": "penyimpanan sudah menulis, dan ada tempat",
    "commission-board-ok": "catu daya, panas, memori, dan layanan baik",
    "commission-flights-stopped": "penerbangan kini dihentikan",
    "commission-nobody-can-stop": (
        "petugas jaga tidak tahu cara menghentikan penerbangan; tunjukkan sebelum drone diaktifkan"
    ),
    "commission-drone-ok": "pagar berlaku, dan orang yang menyetujui",
    "commission-sign-missing": (
        "papan informasi tidak tergantung di tiang; cetak dengan pole-agent explain --page"
    ),
    "commission-sign-ok": "papan informasi tergantung, dan menyebut apa yang dilakukan tiang",
    "commission-record-format": "format catatan {format} tidak dikenal",
    "commission-not-a-record": "ini bukan catatan pengujian tiang",
    "commission-of-another": "{file} adalah catatan {pole}; pilih --record lain",
    "commission-signed-off": "{file} sudah ditandatangani; pilih --record lain untuk mulai baru",
    "commission-step-unknown": "langkah {step} tidak dikenal; diharapkan {known}",
    "commission-answer-invalid": "jawaban {answer} untuk {key} tidak sah",
    "commission-configuration-changed": (
        "konfigurasi berubah sejak langkah pertama; mulai baru dengan --record lain"
    ),
    "commission-steps-left": "belum dilakukan: {steps}",
    "commission-has-defects": (
        "gagal: {steps}; ulangi, atau sebutkan dengan --despite mengapa tiang tetap dioperasikan"
    ),
    "commission-name-invalid": "diharapkan nama 1 sampai 100 karakter",
    "commission-notice-invalid": "{key} penandatanganan tidak sah",
    "commission-other-record": "ini bukan catatan dengan hash itu",
    "commission-genuine": "tanda tangan asli, dengan kunci {key}",
    "commission-forged": "tanda tangan bukan milik catatan ini",
    "replace-no-store": "tidak ada penyimpanan di sana",
    "replace-archive-damaged": "arsip rusak",
    "replace-no-archive": "ini bukan arsip sebuah tiang",
    "replace-store-there": "sudah ada penyimpanan; pindahkan bila belum dipakai tiang mana pun",
    "replace-agent-runs": "agen berjalan; hentikan dahulu",
    "replace-other-pole": "{file} milik tiang lain, bukan {pole}; pindahkan dahulu",
    "replace-packed": "{pole} ada di {file}; simpan dengan aman, dan jangan nyalakan lagi papan lama",
    "replace-taken": "papan ini sekarang {pole}: penyimpanan {store} meneruskan {before}",
    "replace-missing": "letakkan di tempatnya sebelum mulai: {files}",
    "replace-then": "jalankan agen, lalu operasikan papan dengan pole-agent commission",
    # the regency's repository
    "repository-frozen": (
        "{where}: {error}; tidak ada yang berubah sampai kantor menandatangani lagi: pole-agent repository "
        "publish"
    ),
    "repository-untrusted": (
        "{where}: {error}; tidak ada yang diambil darinya. Di kantor: pole-agent repository status"
    ),
    "target-not-as-signed": (
        "{target} dari {where} tidak sama dengan yang ditandatangani; tidak ada yang diambil. Terbitkan lagi"
    ),
    "repository-lacks": "{where} tidak memiliki {file}; terbitkan lagi, atau salin seluruh foldernya",
    "repository-not-a-file": "{file} adalah tautan atau perangkat, bukan berkas biasa",
    "target-cut-short": "{target}: {got} dari {length} bita diterima; sync berikutnya melanjutkan dari sana",
    "key-name-invalid": (
        "{name}: nama pemegang terdiri dari huruf kecil, angka, titik dan tanda hubung, paling banyak 40"
    ),
    "key-unreadable": "{file} bukan kunci dari pole-agent repository key ({error})",
    "passphrase-too-short": "frasa sandi perlu {least} karakter atau lebih",
    "passphrase-wrong": "{file}: frasa sandi salah, atau berkas rusak",
    "web-address-invalid": (
        'alamat {address} tidak sah; seharusnya "https://updates.example.go.id/poles" atau folder seperti '
        '"/media/stick"'
    ),
    "web-redirect": "{where} mengalihkan ke tempat lain ({to}); tulis alamat tujuannya di remote.toml",
    "web-status": "{where} menjawab {status} untuk {file}; periksa server webnya",
    "web-too-slow": (
        "{where} mengirim kurang dari {floor} bita per detik; sync berikutnya melanjutkan dari sana"
    ),
    "web-unreachable": "{where} tidak dapat dijangkau ({error}); sync berikutnya mencoba lagi",
    "budget-spent": (
        "{megabytes} MB untuk hari ini sudah habis; unduhan dilanjutkan besok. remote.toml mengatur "
        "budget_mb_a_day"
    ),
    "repository-empty": "{folder} bukan repositori; mulailah dengan pole-agent repository init",
    "repository-exists": "{folder} sudah berupa repositori",
    "repository-keys-few": "{role} memerlukan {least} kunci yang berbeda atau lebih",
    "target-name-invalid": (
        "{name} bukan nama yang diminta tiang; seharusnya light/ID.toml, light/group/NAMA.toml, "
        "full/ID.toml, release/MESIN-py3.N.tar.gz, model/NAMA.onnx, fence/NAMA.geojson"
    ),
    "target-unknown": "repositori tidak memiliki {name}",
    "release-without-version": "{name} memerlukan --version: sebutan agen dalam bundel ini untuk dirinya",
    "wave-of-release-only": "hanya rilis yang memiliki versi dan gelombang",
    "percent-invalid": "seharusnya 0 sampai 100",
    "key-not-of-role": "{holder} tidak memiliki kunci {role}; yang dikenal: {known}",
    "key-of-role-needed": "{role} ditandatangani dengan kunci milik: {holders}. Berikan dengan --key",
    "key-made": (
        "{file} berisi kunci privat: simpanlah, dan salinannya di tempat terkunci. {public} dikirim ke kantor"
    ),
    "nothing-staged": "tidak ada {role} yang menunggu tanda tangan",
    "nothing-to-sign": "tidak ada yang menunggu kunci {holder}",
    "signature-of-another": "{file} bukan {role} yang menunggu di sini; kirim lagi yang dari staging",
    "signatures-missing": (
        "{role}: kurang {missing} dari {threshold} tanda tangan; yang boleh menandatangani: {holders}"
    ),
    "all-signed": "{roles}: sudah ditandatangani. Berikutnya: pole-agent repository publish",
    "file-signed": (
        "{file} sudah ditandatangani; kirim kembali ke kantor, untuk pole-agent repository collect"
    ),
    "published": "{folder} sudah ditulis, dan berlaku sampai {until}; salin ke server web",
    "rotate-what": "berikan --out, --new, atau keduanya",
    "extra-needed": "{missing} tidak terpasang; pasang pole-agent[{extra}]",
    "sign-head": "{role}, versi {version}, berlaku sampai {until}",
    "sign-keys": "  yang menandatangani {role}: {threshold} dari {holders}",
    "sign-removes": "  tanpa {name}",
    "sign-file": "  {name}: {length} bita, SHA-256 {sha256}",
    "sign-fields": "  {name}: {fields}",
    "sign-question": "Tanda tangani ini? [y/N] ",
    "passphrase-prompt": "Frasa sandi {file}: ",
    "passphrase-again": "Frasa sandi sekali lagi: ",
    "passphrases-differ": "frasa sandi tidak sama",
    "calendar-unpublished": "{role}: belum diterbitkan; {threshold} dari {holders} menandatangani",
    "calendar-ends": "{role}, versi {version}, berakhir pada {day}, {days} hari lagi. {what}",
    "calendar-role": (
        "Paling lambat {due}: repository renew {role}, lalu {threshold} dari {holders} menandatangani, "
        "lalu publish"
    ),
    "calendar-office": "Paling lambat {due}: repository publish, dengan kunci {holders}",
    "wants-unreadable": (
        "{file} tidak menyebutkan apa yang diminta tiang ini ({error}); sudo systemctl start "
        "pole-agent-apply menulisnya"
    ),
    "no-room-for": (
        "tidak ada ruang di disk untuk {target} ({megabytes} MB); kosongkan ruang, sync berikutnya mencoba "
        "lagi"
    ),
    "sync-runs-already": "sync lain sedang berjalan; coba lagi setelah selesai",
    "sync-new": "baru dan terverifikasi: {names}",
    "sync-nothing-new": "tidak ada yang baru; yang ditandatangani berlaku sampai {until}",
    "first-root-missing": (
        "{file} tidak dapat dibaca; itu root.json dari repositori kabupaten, diletakkan dengan tangan"
    ),
    # a fleet from its table
    "table-unreadable": "tidak dapat dibaca sebagai tabel ({error}); simpan sebagai CSV dalam UTF-8",
    "table-empty": "kosong; baris pertama menyebut kolom, misalnya {columns}",
    "row-too-long": "{cells} sel untuk {columns} kolom; beri tanda kutip pada sel yang berisi pemisah",
    "row-twice": (
        "{id} sudah ada di baris {line}; setiap tiang memiliki id sendiri, huruf besar tidak membedakan"
    ),
    "column-unknown": "kolom tidak dikenal",
    "column-unknown-known": "kolom tidak dikenal; yang dikenal: {known}",
    "column-twice": "kolom ini ada dua kali",
    "column-missing": "kolom ini tidak ada",
    "cell-empty": "kosong, padahal wajib diisi",
    "template-shape": (
        "pole, mqtt dan lamp harus berupa tabel, dan camera daftar tabel, seperti di config/pole.toml"
    ),
    "camera-without-place": (
        "hanya alamat; beri sumber lengkap (rtsp://…), atau tulis source = "
        '"rtsp://{{camera}}/stream2" di dalam '
        "templat"
    ),
    "fleet-damaged": "fleet.json atau poles.json rusak ({error}); kembalikan dari cadangan Anda",
    "fleet-busy": "provision lain sedang bekerja di {folder}; coba lagi setelah selesai",
    "pole-unknown": "tidak ada tiang di {folder} dengan id ini",
    "pole-retired": (
        "{id} sudah dipensiunkan; beri tiang baru id lain, atau aktifkan kembali dengan --reissue {id}"
    ),
    "reissue-unknown": "tidak ada di tabel, jadi tidak ada yang dapat diterbitkan ulang untuknya",
    "provision-usage": "tulis: provision TABEL.csv, provision retire ID, atau provision seal NAMA --pole ID",
    "broker-needed": "sebutkan alamat broker bagi tiang: --broker broker.example.go.id",
    "root-needed": "sebutkan letak root.json repositori; tanpa itu tiang tidak memercayai pembaruan apa pun",
    "repository-needed": "sebutkan alamat repositori pemilik root.json ini",
    "provision-progress": "{number} dari {total}: {name}",
    "provisioned": "{total} tiang: {new} baru, {changed} berubah, {renewed} dengan sertifikat diperpanjang",
    "seed-next": (
        "Salin {folder}/ID/pole-agent-seed ke partisi boot kartu tiang, lalu hapus di sini: isinya "
        "kunci tiang"
    ),
    "changed-next": (
        "Berubah: {ids}. Tiang yang sudah berjalan menerimanya lewat pole-agent repository add REPOSITORI "
        "full/ID.toml"
    ),
    "renewed-next": (
        "Diperpanjang: {ids}. mqtt-cert.pem yang baru menggantikan "
        "/etc/pole-agent/credentials/mqtt-cert di tiang; "
        "kuncinya tetap"
    ),
    "broker-next": "Folder broker berubah: salin {folder} ke /etc/mosquitto dan muat ulang Mosquitto",
    "absent-next": (
        "{id} tidak ada lagi di tabel, dan haknya tetap berlaku sampai: pole-agent provision retire {id}"
    ),
    "authority-ends": "Otoritas berakhir pada {until}: sebelum itu buat folder armada baru, dan benih baru",
    "retired-next": (
        "Dipensiunkan: {ids}. Berlaku setelah {folder} ada di /etc/mosquitto dan Mosquitto dimuat ulang"
    ),
    "seal-for-whom": "tidak ada; sebutkan milik siapa rahasia ini",
    "secret-prompt": "Rahasia {name}: ",
    "secret-name-invalid": "bukan nama kredensial; gunakan huruf, angka, titik, _ dan -",
    "secret-too-long": "rahasia paling banyak {most} bita",
    "seal-key-invalid": "bukan kunci untuk menyegel; kunci itu 64 digit heksadesimal",
    "seal-not-ours": "tidak disegel untuk tiang ini, atau rusak",
    "sealed-to": "{file}: hanya {id} yang dapat membukanya",
}
