"""Every sentence in English, by its code. What varies stands in braces, in the order of the language."""

from __future__ import annotations

LOCALES = ()

PHRASES = {
    # settings
    "at-key": "{key}: {problem}",
    "joined": "{first}; {rest}",
    "invalid-time-of-day": (
        'invalid time of day {text}; expected "22:00", "sunset" or "sunrise-00:15" (sunset, sunrise, dusk, '
        "dawn)"
    ),
    "no-night-at": "no night contains {time}",
    "invalid-time-span": 'invalid time span {text}; expected "always", "sunset..sunrise" or "22:00..05:00"',
    "weekday-invalid": 'invalid weekday {word} in {text}; expected "mon..fri", "sat,sun", of {known}',
    "dates-year-mismatch": "{text}: give both dates a year, or neither",
    "dates-reversed": "{text} ends before it starts",
    "date-invalid": 'invalid date {text}; expected "2027-03-20", "08-17" (every year) or "12-24..01-02"',
    "advice-no-broker": "mqtt: no broker is configured; events stay on the pole",
    "advice-no-tls": "mqtt.tls: is false for {host}; passwords and events can be read on the way",
    "advice-metrics-host": (
        "metrics.host: {host} is not the pole itself; anyone who reaches it can read the numbers"
    ),
    "advice-active-low": "lamp.active_low: is false; an undriven pin means a dark street",
    "advice-pulled-high": (
        "lamp.pin: GPIO{pin} is pulled high at power-on: dark until the agent starts; use a pin from 9 to 27"
    ),
    "advice-relay": (
        "lamp.relay: GPIO{pin} switches the coil on, and the lamp off, while it is not driven; see "
        "docs/wiring.md"
    ),
    "advice-flat-mask": "camera[{camera}].masks[{mask}]: has no area; it covers no more than its outline",
    "advice-many-alarms": "rule: the alarm rules of this pole together may send {most} alarms an hour;"
    " an operator bears about {share} of all poles (EEMUA 191); lower max_alarms_per_h or a severity",
    "advice-no-camera": "camera: no camera is configured; the lamp follows its program",
    "advice-no-fence": "drone.geofence: is missing; every request will be blocked by that gate",
    "advice-no-night-permit": (
        "drone.night_permit: is false; between sunset and sunrise every request will be blocked by that gate"
    ),
    "advice-automatic-approval": (
        'drone.approval: is "automatic", which is for simulation only; every message says so, and no real '
        "drone may obey"
    ),
    "advice-no-officer": (
        "drone.officer: no officer is configured; anyone who may write to drone/approval at the broker can "
        "approve flights"
    ),
    "advice-calendar-always": (
        "lamp.calendar[{index}]: has neither days nor dates, so it always applies; the rules below it never "
        "do"
    ),
    "advice-steps-at-once": 'lamp.program "{program}": has {count} steps at {at}; the last one counts',
    "advice-floor": "lamp.floor: {floor} is below min_level, so the floor is {level}",
    "advice-control-below-floor": (
        "lamp.control[{index}].level: a maximum of {level} is below the floor of {floor}"
    ),
    "advice-clo-rises": "lamp.clo: the shares rise; a lamp gives less light as it ages",
    "source-invalid": (
        "invalid address; write user and password as username and password_file, and an @ in a path as %40"
    ),
    "picture-size-invalid": 'invalid picture size; expected width and height like "640x480"',
    "time-twice": "a time is given twice",
    "public-key-invalid": (
        "invalid Ed25519 public key; expected {bytes} bytes in base64; make one with: pole-agent drone key"
    ),
    "automatic-with-officers": (
        'approval = "automatic" asks nobody; remove [[drone.officer]], or write approval = "required"'
    ),
    "altitude-above-most": "alt_agl_m = {altitude} is above max_alt_agl_m = {most}",
    "name-twice-in": '{key}: the name "{name}" is used {count} times',
    "host-invalid": "invalid host name or address; port, username and password_file are keys of their own",
    "host-with-more": "expected only a host name or address; write {fix}",
    "lux-reversed": "off_lux must be above on_lux: otherwise the lamp would switch on and off between them",
    "hours-must-rise": "the hours must rise from point to point",
    "pin-twice": "{key} and {other} are both GPIO{pin}",
    "pin-without-pwm": "GPIO{pin} has no hardware PWM; use {pins}, or give pwm_device and pwm_channel",
    "pwm-both-or-none": "pwm_device and pwm_channel belong together; give both or none",
    "pin-or-file": "give either pin or file",
    "file-not-absolute": 'file: write the full path of "{file}", starting with /',
    "curly-double-quote": 'a curly quote; write "',
    "curly-single-quote": "a curly quote; write '",
    "byte-order-mark": "a byte order mark; delete it",
    "no-break-space": "a no-break space; write an ordinary one",
    "zero-width-space": "a zero-width space; delete it",
    "configuration-unreadable": "cannot be read: {error}; write one with: pole-agent init",
    "toml-too-deep": "is not valid TOML: too deeply nested",
    "toml-too-many-dots": "is not valid TOML: a key with too many dots (line {line})",
    "nul-character": "contains a NUL character",
    "last-good-is-used": "the last good copy in {folder} is used",
    "cert-without-key": "cert_file and key_file belong together; give both or none",
    "tls-files-without-tls": "ca_file and cert_file need tls = true; with tls = false they are not used",
    "time-zone-unknown": 'unknown time zone {value}; expected an IANA name, for example "Asia/Jakarta"',
    "kind-whole-number": "a whole number",
    "kind-number": "a number",
    "kind-finite-number": "a finite number",
    "kind-true-or-false": "true or false",
    "kind-text": "text in quotes",
    "kind-path": "a path in quotes",
    "kind-list": "a list",
    "kind-table": "a table",
    "identifier-invalid": "use letters, digits, _ and - only, 1 to 64 of them",
    "identifier-invalid-or-underscore": (
        "use letters, digits, _ and - only, 1 to 64 of them, and begin with no _"
    ),
    "group-twice": 'the group "{name}" is named twice',
    "is-required": "is required",
    "point-number-missing": "is missing: a point has two numbers",
    "character-not-allowed": "contains a character that is not allowed here",
    "point-needs-two-numbers": "expected a point with two numbers, got {count}",
    "not-a-file": "is not a file",
    "file-too-long": "is {bytes} bytes long; at most {most} are allowed",
    "utf-16-unmarked": "is UTF-16 text without a byte order mark; save it as UTF-8",
    "not-utf-8": "is not UTF-8 text (byte {byte}); save it as UTF-8",
    "password-empty": "is empty; expected the password, on one line",
    "password-of-several-lines": "has several lines; expected a password on one line",
    "file-marked": "begins with a byte order mark or is UTF-16; save it as UTF-8 without a mark (ANSI)",
    "name-twice": 'the name "{name}" is used {count} times',
    "camera-ambiguous": "there are {count} cameras; name one of: {cameras}",
    "default-program-missing": (
        'missing program "{program}"; it applies on every night that no calendar rule names'
    ),
    "rule-without-camera": "needs a [[camera]]; none is configured",
    "rule-drone-disabled": "is true, but [drone] enabled is false",
    "name-unknown": 'unknown {kind} "{name}"; known: {known}',
    "polygon-without-area": "the polygon has no area; give at least three points that are not on one line",
    "line-without-length": '"from" and "to" are the same point',
    "rule-needs-line": 'kind = "{kind}" needs line = "<name of a [[line]]>"',
    "rule-on-line": 'kind = "{kind}" watches a line; remove zone',
    "rule-on-zone": 'kind = "{kind}" watches a zone; remove line',
    "heights-reversed": "min_height must be below max_height",
    "path-with-tilde": '"{path}": ~ is not expanded here; write the full path, starting with /',
    "path-with-variable": '"{path}": {name} is not expanded here; write the full path, starting with /',
    "toml-look-alike": "{error}; this line holds {character}",
    "toml-invalid": "is not valid TOML: {error}",
    "did-you-mean": "{problem}; did you mean {name}?",
    "unknown-key": "unknown key",
    "polygon-too-short": "expected a polygon of at least {least} points, got {count}",
    "expected-given": "expected {expected}; got {given}",
    "one-of": "one of {choices}",
    "list-too-short": "expected a list of at least {least}, got {count}",
    "list-too-long": "expected a list of at most {most}, got {count}",
    "event-type-unknown": "unknown type of event",
    "host-with-login": "{fix}, and the login as username and password_file",
    "and-more": "and {count} more",
    "host-and-port": 'host = "{host}" and port = {port}',
    "unknown-key-known": "unknown key; known: {known}",
    "event-type-unknown-known": "unknown type of event; known: {known}",
    "rule-needs-direction": (
        'kind = "{kind}" needs direction = "forward" or "backward": the way that is wrong'
    ),
    # cameras and models
    "camera-address-invalid": "{camera}: invalid address",
    "camera-no-answer": (
        "{camera}: no answer within {seconds} s; check that the camera is on and the address is right"
    ),
    "camera-unreachable": "{camera}: {error}; check that the camera is on and the address is right",
    "camera-wrong-protocol": (
        "{camera}: the server does not answer in {protocol}; check that this is the address of the camera's "
        "stream"
    ),
    "camera-stream-unknown": "{camera}: the camera has no stream of that name; check the path",
    "source-not-open": "{source}: not open",
    "camera-blind": "{source}: no picture for {seconds} s; the camera is blind",
    "waiting-for-key-frame": (
        "no picture for {seconds} s, though the camera sends data: waiting for a key frame"
    ),
    "stream-broke-off": "{source}: the stream broke off",
    "stream-without-picture": "{source}: the stream sends no picture",
    "stream-timed-out": "{source}: timed out: no data for {seconds} s; the stream broke off",
    "camera-redirects": "{camera}: the camera redirects to another host; write that address as source",
    "address-of-one-picture": (
        "{camera}: this is the address of a single picture, not of a stream; use the camera's MJPEG or RTSP "
        "address"
    ),
    "camera-login-refused": "the camera refused the login; check username and password_file",
    "stream-unknown": "the camera has no stream of that name; check the path",
    "camera-refused-http": (
        "the camera refused (HTTP {code}); does it have another viewer, and does it allow two?"
    ),
    "onvif-libraries-missing": (
        "finding cameras needs two libraries: pip install onvif-zeep-async WSDiscovery"
    ),
    "camera-password-unreadable": "the password of {camera} cannot be read from {file}: {why}",
    "opening-given-up": "{source}: canceled",
    "no-stream": (
        "the camera answers but sends no stream; check path, username and password_file, and that it sends "
        "H.264, H.265 or MJPEG"
    ),
    "no-stream-over-transport": (
        'the camera answers but sends no stream; transport = "{transport}" is set: try "auto"; check path, '
        "username and password_file"
    ),
    "video-device-unusable": (
        "the device cannot be opened; check that it is a camera and that this user is in the group video"
    ),
    "video-file-unreadable": "OpenCV cannot read this file as video; check that it is complete",
    "file-missing": "{file}: no such file",
    "source-cannot-be-opened": "{source} cannot be opened: {why}",
    "stream-too-short": "the stream ended before anything could be measured",
    "unknown": "unknown",
    "panorama": (
        "the picture is a panorama of {width}x{height}: people in it are too small to detect in the whole "
        "picture, so it is scanned part by part, each part less often; a camera for each view sees better"
    ),
    "picture-too-large": (
        "the picture is {width}x{height} and models use 416 at most: use the camera's sub-stream (about "
        "720x576)"
    ),
    "picture-too-small": (
        "the picture is only {width}x{height}: distant people may be missed; choose a larger stream if there "
        "is one"
    ),
    "decoding-too-costly": "decoding takes {share} of a core: lower the camera's frame rate or size",
    "camera-too-fast": (
        "the camera sends {sent} frames a second and {used} are used: set the camera to {wanted}"
    ),
    "camera-too-slow": (
        "only {rate} frames a second arrive of the {wanted} configured: lower fps, or raise the frame rate "
        "of the camera"
    ),
    "mjpeg-is-costly": "MJPEG takes ten times the network of H.264: choose H.264 if the camera can",
    "codec-untested": "the codec {codec} is unusual for a camera; only H.264 is tested",
    "picture-nearly-black": "the picture is nearly black: is the lens covered, or the lamp off?",
    "source-timed-out": "{source}: timed out: no frame for {seconds} s",
    "clip-without-frames": "{clip}: the clip has no readable frame",
    "clip-truncated": "{clip}: the clip ends after {at} s of {length} s; check that the file is complete",
    "file-unreadable-because": "{file}: cannot be read: {error}",
    "model-unknown": 'unknown model "{model}"; shipped: {shipped}; or give the path of a card (.toml)',
    "model-card-unreadable": "{file}: the model card cannot be read: {error}",
    "model-input-unsupported": "{file}: input: this layout and dtype are not supported; supported: {known}",
    "model-card-incomplete": "{file}: the model card has no key {key}",
    "model-card-invalid": "{file}: the model card is invalid: {error}",
    "model-unreadable": "{file}: the model cannot be read: {error}",
    "model-changed": (
        "{file}: this is not the model of its card: sha256 is {found}…, expected {expected}…; install it "
        "again, or write the new hash into the card if you changed the model on purpose"
    ),
    "picture-frozen": "the picture is frozen",
    "picture-black": "the picture is black",
    "camera-blinded": "the camera is blinded: {share} of the picture is white",
    "picture-shape-changed": (
        "picture shape changed from {old} to {new}: masks and zones may be in the wrong place"
    ),
    "confirm-picture": '{problem}; when they are right, write picture = "{size}"',
    "scene-changed": "the camera shows another scene; was it turned?",
    "picture-blurred": "the picture is blurred",
    "camera-host-invalid": "invalid host {given}; expected name, name:port or [IPv6 address]:port",
    "family-unsupported": '{file}: the family "{family}" is not supported; supported: {known}',
    "model-not-loaded": "{file}: ONNX Runtime cannot load this model: {error}",
    "model-mismatch": (
        "{file}: the model does not match its card: {what} is {found}, expected {expected}; supported: "
        "{supported}"
    ),
    "model-not-run": "{file}: ONNX Runtime cannot run this model: {error}",
    "detector-not-open": "the detector is not open",
    "detector-timed-out": "timed out: no answer from the detector for {seconds} s; its thread was replaced",
    "detector-failed": "the detector failed: {error}",
    "detections-unreadable": "{file}: cannot be read as detections: {error}",
    "detections-line-invalid": "{file}, line {line}: expected frame,id,left,top,width,height,score: {error}",
    "onvif-address-invalid": "the camera reports an invalid address; look for it in the camera's manual",
    "onvif-address-replaced": "the camera reports {given} here; replaced by {used}, which answered",
    "onvif-invalid-answer": "invalid ONVIF answer: {error}",
    "onvif-login-needed": (
        "needs a user and a password (ONVIF users are often separate): give --username and --password-file"
    ),
    # clock, certificates, the board
    "ca-file-empty": "{file} contains no CA certificate",
    "certificate-expired": "it has expired; replace it now",
    "certificate-expires-soon": "{name}: expires in {days} days, on {date}; replace it",
    "certificate-has-expired": "{name}: it has expired; replace it now",
    "evidence-last-known": "the last known time",
    "evidence-stored": "what is stored",
    "clock-before-release": "the clock reads {time}, which is before this release: it cannot be right",
    "clock-too-late": "the clock reads {time}, which is too far in the future to be right",
    "clock-jumped": "the clock jumped by {seconds} s; it is not trusted for another {minutes} minutes",
    "clock-against-broker": "the clock reads {time}, and the certificate of the broker is not valid yet",
    "board-too-hot": "the board is too hot: the detector does {share} of its work",
    "no-time-server-since-boot": "no time server was heard since boot",
    "chrony-silent": "chrony does not answer",
    "chrony-without-source": "chrony has no source",
    "chrony-follows-itself": "chrony follows the clock of this machine itself, not a source",
    "chrony-follows-orphan": "chrony follows {source}, which has no real clock itself (stratum {stratum})",
    "chrony-off": "chrony follows {source}, and the clock is {seconds} s away from it",
    "chrony-in-future": "chrony last heard a source at a time in the future",
    "chrony-follows": "chrony follows {source} (stratum {stratum})",
    "timesyncd-in-future": "the flag of systemd-timesyncd is in the future",
    "timesyncd-of-earlier-boot": (
        "the flag of systemd-timesyncd is from an earlier boot, or from another clock"
    ),
    "timesyncd-follows": "systemd-timesyncd has set the clock from a time server",
    "set-from-chip": "set from the clock chip at boot",
    "trusted-by-setting": "trusted as it is (clock.trust)",
    "clock-impossible": (
        "the clock reads {time}, which cannot be right; set it first: sudo timedatectl set-time"
    ),
    "times-are-provisional": "{reason}; times are provisional",
    "times-provisional-accept": (
        '{reason}; times are provisional; if it is right, say so at the pole: "pole-agent clock accept"'
    ),
    "clock-behind-since-start": (
        "the clock reads {time}, which is behind: it was behind before the last start of this machine, and "
        "nobody has set it since"
    ),
    "clock-behind-certificate": (
        "the clock reads {time}, which is behind the start of the certificate {certificate}: it is {least} "
        "at least"
    ),
    "clock-behind-last-known": (
        "the clock reads {time}, which is behind the last known time: it is {least} at least"
    ),
    "clock-behind-stored": "the clock reads {time}, which is behind what is stored: it is {least} at least",
    "board-too-hot-at": "the board is too hot at {celsius} °C: the detector does {share} of its work",
    "voltage-low": "the voltage is too low: use a stronger supply and a shorter cable",
    "threads-hang": "{count} threads hang and were abandoned, the last in {last}",
    # lamp
    "lamp-key-unknown": "unknown key {key}; a lamp command takes {known}",
    "resume-alone": 'to return to the program send {{"resume": true}} alone',
    "send-alone": "send {key} alone",
    "mode-invalid": 'mode must be "adaptive" (presence may still raise the lamp) or "fixed"',
    "reason-too-long": "reason must be a text of at most 200 characters",
    "lamp-state-invalid": 'state must be "ON" or "OFF"',
    "brightness-and-level": "give brightness (0 to 255) or level (0 to 1), not both",
    "off-with-level": 'state "OFF" and a level above 0 contradict each other',
    "state-or-level-required": "give state, brightness (0 to 255) or level (0 to 1)",
    "number-invalid": "{key} must be a number from {least} to {most}",
    "light-at-midnight": (
        "the photocell has seen light for two hours around midnight by the clock: the clock or the photocell "
        "is wrong"
    ),
    "dark-at-noon": (
        "the photocell has seen darkness for two hours around noon by the clock: the clock or the photocell "
        "is wrong"
    ),
    "night-title": 'night of {first} to {last}, program "{program}" ({zone})',
    "night-legend": "        # light   . the sun is down   (presence, overrides and controls come on top)",
    "night-energy": "  {hours} h of light, as much as {full} h of full light: about {energy} Wh of {watts} W",
    "sun-does-not-set": "the sun does not set",
    "sun-does-not-rise": "the sun does not rise",
    "pwm-unwritable": (
        "{folder} cannot be driven: {error}; check that this user may write there (group gpio, udev rule)"
    ),
    "pwm-failed": "{folder}: setting the PWM failed: {error}",
    "no-pwm-chip": (
        "no PWM chip {device} for GPIO{pin} (there is: {there}); add {overlay} to /boot/firmware/config.txt "
        'and restart, or set [lamp] backend = "gpio"'
    ),
    "lgpio-stub": (
        "the installed lgpio is an empty stub (0.0.0.2); install python3-lgpio, or lgpio==0.2.2.0 from a "
        "wheel"
    ),
    "gpio-chip-not-opened": (
        'no GPIO chip here: {error}; on a machine without GPIO set [lamp] backend = "mock"'
    ),
    "pin-not-driven": (
        "pin GPIO{pin} cannot be driven: {error}; check that no other program uses it and that this user is "
        "in the group gpio"
    ),
    "lamp-pin-failed": "setting the lamp pin failed: {error}",
    "relay-pin-not-driven": "relay pin GPIO{pin} cannot be driven: {error}",
    "relay-pin-failed": "setting the relay pin failed: {error}",
    "input-pin-unreadable": "input GPIO{pin} cannot be read: {error}",
    "button-pin-unreadable": "button GPIO{pin} cannot be read: {error}",
    "amount-invalid": "invalid amount {value}",
    "ledger-not-read": "the ledger has not been read from the disk yet; try again in a moment",
    "sun-time": "{what} {time}",
    "side-by-side": "{first}  {then}",
    "sunset": "sunset",
    "dusk": "dusk",
    "dawn": "dawn",
    "sunrise": "sunrise",
    "lgpio-needed": (
        "GPIO needs the package lgpio: sudo apt install python3-lgpio, or pip install lgpio==0.2.2.0 (Python "
        '3.11); on a machine without GPIO set [lamp] backend = "mock"'
    ),
    "button-in-the-pole": "button in the pole",
    # drones
    "approval-unsigned": "this pole accepts signed approvals only; sign with: pole-agent drone sign",
    "signature-incomplete": (
        '"signature" needs a nonce, expires_at and a value; sign with: pole-agent drone sign'
    ),
    "nonce-invalid": "invalid nonce of the signature; expected 16 to 64 letters, digits, - or _",
    "signature-time-invalid": "invalid expires_at of the signature; expected a time in RFC 3339",
    "signature-value-invalid": "invalid value of the signature; expected {bytes} bytes in base64",
    "officer-unknown": "unknown officer {by}: not one of this pole's",
    "approval-age-unknown": (
        "the pole's clock is not trusted, so it cannot check whether the approval is still valid"
    ),
    "approval-expired": "the approval has expired, or is valid for longer than a day",
    "approval-used": "this approval was used before",
    "signature-wrong": "the signature is not one of {by} for this request as this pole knows it",
    "wall-time-invalid": "invalid time {value}",
    "json-invalid": "is not JSON: {error}",
    "geojson-without-polygon": "has no Polygon",
    "polygon-too-long": "has more than {most} points",
    "geometry-not-an-area": "has a {kind}, which is not an area: draw a Polygon instead, or remove it",
    "geojson-invalid": (
        "is not GeoJSON (a FeatureCollection, a Feature or a Polygon), or has a feature without a geometry"
    ),
    "polygon-without-coordinates": "has a polygon without coordinates",
    "geojson-point-invalid": "has an invalid point; expected [longitude, latitude], got {point}",
    "ring-too-short": "has a ring of fewer than three points",
    "decision-invalid": '"decision" must be one of {decisions}',
    "until-without-patrol": (
        '"until" belongs to the standing approval of a patrol; give "patrol" instead of "request_id"'
    ),
    "request-or-patrol": 'give "request_id" for one flight, or "patrol" (the name of a plan) for all of them',
    "until-required": 'a standing approval needs "until", for example "2027-01-01T00:00:00Z"',
    "status-invalid": '"status" must be one of {statuses}',
    "stop-invalid": '"stop" must be true (no more flights) or false',
    "by-missing": '"by" is required: the name of the person who decides, at most 100 characters on one line',
    "text-too-long": '"{key}" must be a text of at most {most} characters',
    "request-id-required": '"request_id" is required',
    "unknown-key-of-command": "unknown key {key}; known: {known}",
    "maintenance": "maintenance",
    "rain": "rain",
    "dock": "dock",
    "every-request-blocked": "every request from this pole will be blocked by that gate",
    "pole-in-exclusion": "drone.exclusions: the pole is in one, or at its edge; {consequence}",
    "target-in-exclusion": (
        "drone.exclusions: the {metres} m around the target of {target} touch one; its requests will be "
        "blocked"
    ),
    "metres-around-target": "the {metres} m around the target of {target}",
    "target-beyond-fence": "drone.geofence: {around} reach beyond it; its requests will be blocked",
    "fence-without-area": "drone.geofence: all its points are on one line, so it has no area; {consequence}",
    "fence-swapped": (
        "drone.geofence: the pole is inside it when latitude and longitude are swapped; as it is written, "
        "{consequence}"
    ),
    "pole-at-fence-edge": "drone.geofence: the pole is within {metres} m of its edge; {consequence}",
    "pole-outside-fence": "drone.geofence: the pole is outside, {kilometres} km from its edge; {consequence}",
    "gate-clock": "the pole's clock is not trusted",
    "gate-age-unknown": (
        "the request was made before a restart, and without a trusted clock its age is unknown"
    ),
    "request-expired": "it has expired",
    "gate-stop-unknown": "could not read whether flights are stopped",
    "gate-stopped": "all flights are stopped by {by}",
    "gate-cooldown": "the last flight was ordered less than {seconds} s ago",
    "gate-queue": "{request} goes first",
    "gate-no-fence": "no geofence is configured",
    "gate-fence": "the target, with {metres} m around it, is not inside the geofence",
    "gate-exclusion": "an exclusion is within {metres} m of the target",
    "gate-altitude": "{metres} m above ground is more than {most} m",
    "gate-night": "no permit to fly at night (drone.night_permit)",
    "wind": "wind",
    "temperature": "temperature",
    "battery": "battery",
    "value-never-received": "no value was received",
    "value-in-future": "its time is in the future",
    "value-too-old": "the last value is {age} s old",
    "gate-value-unknown": "{what} is unknown: {reason}",
    "an-approval": "an approval",
    "a-denial": "a denial",
    "a-cancel": "a cancel",
    "state-refuses": "a request in state {state} does not accept {what} any more",
    "gate-at-most": "{what} {value}, allowed at most {limit}",
    "gate-at-least": "{what} {value}, allowed at least {limit}",
    "gate-exactly": "{what} {value}, allowed is {limit}",
    "conditions-empty": "expected at least one of {known}",
    "condition-invalid": '"{key}" must be a number from {least} to {most}',
    "dock-invalid": '"dock" must be one word: "idle", or what it does',
    "measured-at-required": '"at" is required: when this was measured, for example "2026-01-31T18:00:00Z"',
    "flag-invalid": '"{key}" must be true or false',
    "drones-switched-off": "drones are switched off",
    "request-damaged": "the stored request is damaged",
    "stored-number-invalid": "invalid number {value}",
    "standing-revoked": "the standing approval was revoked",
    "approver-gone": "the person who approved it is not an officer of this pole any more",
    "standing-ended": "the standing approval has ended",
    "request-expired-undecided": "it has expired: nobody decided",
    "order-may-be-lost": "the order may not have arrived: {why}",
    "dispatcher-silent": "timed out: no word from the dispatcher for {seconds} s",
    "request-superseded": "superseded by {request}, which is more severe",
    "stop-unreadable": "nobody: the stored stop cannot be read",
    "stop-may-be-lost": "nobody: the earlier store is lost, and a stop may be lost with it",
    "store-has-ended": "the earlier store was lost: {cause}",
    "triage-severity": "low_severity: {severity} is below {least}",
    "triage-confidence": "low_confidence: {score} is below {least}",
    "triage-barred": "barred: {share} of what this rule reported was wrong, allowed at most {most}",
    "triage-quota": "quota: {count} requests in the last 24 hours",
    "flight-called-back": "the flight {request}, which was called back but not reported as ended,",
    "flight-named": "the flight {request}",
    "request-named": "the request {request}",
    # what the running agent says
    "fence-of-many-polygons": "{file} has {count} polygons; a geofence has one",
    "examination-failed": "failed: {error}",
    "decision-not-stored": "the decision cannot be stored: {error}",
    "status-too-often": (
        "a flight may change between in_progress and paused at most once a second; send it again"
    ),
    "conditions-in-future": '"at" is in the future; check the clocks',
    "stop-not-stored": "flights stay stopped for now: the disk does not work: {error}",
    "patrols-wait-for-clock": "the clock is not trusted: patrols are not requested",
    "request-expired-because": "it has expired; {reason}",
    "request-is-blocked": "the request is blocked: {reason}",
    "patrol-unknown": "unknown patrol {patrol}; known: {known}",
    "until-uncheckable": (
        "the pole's clock is not trusted, so it cannot check until when the approval is valid"
    ),
    "until-out-of-range": '"until" must be in the future, at most a year from now',
    "used-approvals-unreadable": (
        "the approvals that were used before could not be read: no signed standing approval until {until}"
    ),
    "order-not-acknowledged": "timed out: the broker has not acknowledged the order within {seconds} s",
    "call-drone-back": "the request is {state}; call the drone back",
    "requests-unreadable": "the requests cannot be read: {error}",
    "requests-unreadable-yet": (
        "the requests cannot be read yet: {error}; the decision is remembered, and the dispatcher is told"
    ),
    "request-unknown": "unknown request {request}",
    "broker-without-echo": (
        "the broker grants the subscription but delivers nothing: our own status does not come back, so "
        "commands may not arrive either"
    ),
    "broker-closes-at-topic": "the broker closes the connection at this topic",
    "broker-silent-at-topic": "the broker does not acknowledge this topic",
    "broker-refuses-subscription": "the broker refused the subscription to {topics}",
    "broker-refuses-many": (
        "the broker refuses commands that are sent to many poles, not those to this pole alone; let poles "
        "read {site}/_all/# and {site}/_group/#: {addresses}"
    ),
    "updates-status-damaged": (
        "the state of updates cannot be read: status.json is damaged at {where}; pole-agent apply writes"
        " it anew at its next run"
    ),
    "updates-status-unreadable": "the state of updates cannot be read: {error}",
    "updates-frozen": (
        "signatures of the repository have expired, so no update is installed: {problem}; renew them "
        "with: pole-agent repository publish"
    ),
    "updates-runs-another": "the pole runs another configuration or version than the one that was kept",
    "updates-more-problems": "{count} more problems",
    "sync-not-set-up": "updates are not set up at this pole: there is no {file}",
    "sync-not-passed-on": "the request to fetch cannot be passed on: {file}: {error}",
    "clip-ended": "the clip has ended",
    "frames-too-few": "only {rate} frames a second arrive, of {wanted}",
    "connection-lost": "the connection was lost before the acknowledgement",
    "not-authorized": "not authorized",
    "quota-exceeded": "quota exceeded",
    "broker-mqtt-3": (
        "the broker speaks MQTT 3.1.1: a message that it refuses looks delivered; a command that is "
        "published retained while we listen looks ordinary; orders to fly are not sent, because they could "
        "not expire; no response topics; no pacing"
    ),
    "broker-without-retained": (
        "the broker keeps no retained messages: who connects later sees neither status nor lamp until they "
        "change"
    ),
    "broker-qos-0": "the broker allows QoS 0 only and acknowledges nothing: events wait on the pole",
    "broker-refused": "the broker refused the message: {reason} (reason code {code})",
    "lang-invalid": '"lang" must be one of {languages}',
    "examination-under-way": "an examination is already running",
    "examination-too-soon": "the last examination was {ago} s ago; try again in {wait} s",
    "no-certificate": "it contains no certificate",
    "certificate-invalid": "invalid certificate",
    "certificate-truncated": "the certificate is truncated",
    "incident-id-invalid": "invalid incident_id; expected for example 01a20d2c-5ce5-7046-9dd1-e9f3183805ad",
    "verdict-invalid": 'verdict must be "true" (it was what the rule said) or "false"',
    "verdict-by-required": "by is required: the name of the person who judges",
    "question-unknown": "unknown question {question}; known: {known}",
    "command-unknown": "unknown command {command}; known: {known}",
    "command-age-unknown": (
        "the pole's clock is not trusted, so it cannot check whether this command is still valid"
    ),
    "command-expired": "the command has expired",
    "command-in-future": "the command was issued in the future; check the clocks",
    "store-is-another": "unknown storeid; this store is {store}",
    "range-invalid": 'invalid range; "from" and "to" are sequence numbers, 1 <= from <= to',
    "incident-unknown": "unknown incident {incident}, or no longer stored",
    "command-too-large": "the command is too large; at most {most} bytes are allowed",
    "command-empty": "the command is empty; expected a JSON object",
    "command-too-deep": "the command is nested too deeply; at most {most} levels are allowed",
    "command-undecodable": "the command {error}",
    "command-not-json": "the command is not JSON",
    "command-not-an-object": "the command is not a JSON object",
    "command-not-unicode": "the command contains text that is not Unicode",
    "command-not-finite": "the command contains an invalid number",
    "command-key-twice": "the command contains a key twice",
    "command-id-invalid": "command_id must be a text of 1 to 64 characters",
    "by-too-long": "by must be a text of at most {most} characters",
    "command-time-invalid": (
        "invalid {key}; expected a time in RFC 3339 with its zone, for example 2026-01-31T18:00:00Z"
    ),
    "broker-timed-out": "timed out: the broker did not acknowledge in time",
    "broker-without-acknowledgement": "the broker answers, but does not acknowledge what it receives",
    "no-expiry-in-mqtt-3": "MQTT 3.1.1 has no message expiry, and this message needs one",
    "packet-too-large": "packet too large: {bytes} bytes, the broker accepts {most}",
    "qos-1-unsupported": "QoS 1 not supported",
    "message-not-sent": "the message could not be sent (paho error {error})",
    "no-connection": "no connection to the broker",
    "identity-taken": "another client connected as {client}{suffix}",
    "mqtt-5-now": "the broker supports MQTT 5 now; reconnecting with it",
    "connection-not-prepared": "cannot prepare the connection: {error}",
    "check-ca-file": "{error}; check ca_file, and the clock of this pole",
    "check-cert-file": (
        "{error}; check cert_file: the broker may require a certificate that it knows and that has not "
        "expired"
    ),
    "broker-is-down": "the broker is down",
    "connection-cut": "the connection was cut",
    "status-written-by-another": "another client writes the status of this pole",
    "session-ended": "the session ended",
    "topic-waits-because": "its topic waits: {reason}",
    "topic-waits": "its topic waits",
    "store-replaced": "the store was replaced; its numbers start again",
    "taken-by-another": "another request took it",
    "store-of-broker-ended": "the store that the broker knows has ended; reconnecting",
    "not-written": "it could not be written",
    "event-number-invalid": "invalid event number {value}",
    "closed-early-retry": "{problem}, five times without an answer; retrying with MQTT {version}",
    "closed-early": "the broker closed the connection before the login was done",
    "retry-with-3": "the broker does not support MQTT 5; retrying with 3.1.1",
    "retry-without-retained": "{problem}; retrying without retained messages",
    "retry-with-qos-0": "{problem}; retrying with QoS 0",
    "subscribe-unanswered": "the broker closed the connection at this SUBSCRIBE, or did not answer",
    "status-ahead": (
        "the broker's last status of this pole is ahead of its store: the card was restored from an older "
        "image, or copied; two poles may have one identity: look for a copy of this pole's SD card"
    ),
    "status-of-stranger": (
        "the broker's status of this pole names a store that is not its own: two poles have one identity, or "
        "another client writes it: look for a copy of this pole's SD card, and check the access rules of the "
        "broker"
    ),
    "status-absurd": (
        "the broker's status of this pole is impossible: another client writes it: check the access rules of "
        "the broker"
    ),
    "status-of-another-store": (
        "the broker keeps a status of this pole from a store that is not here: its state was lost, its card "
        "was replaced, or two poles have one identity"
    ),
    "file-system-read-only": "the file system is read-only",
    "no-heartbeat": "timed out: no heartbeat for {seconds} s",
    "command-retained": "commands are never retained; clear the topic and send it again",
    "command-kept": "the broker keeps this command and repeats it at each connection; clear the topic",
    "command-malformed": "malformed, but carried out: {fault}",
    # words
    "loitering": "loitering",
    "crowd": "crowd",
    "crossing": "crossing",
    "wrong-way": "wrong way",
    "stopped": "stopped",
    "person": "person",
    "bicycle": "bicycle",
    "motorcycle": "motorcycle",
    "two-wheeler": "two-wheeler",
    "car": "car",
    "bus": "bus",
    "truck": "truck",
    "vehicle": "vehicle",
    "info": "info",
    "alarm": "alarm",
    "seconds": "{number} s",
    "minutes": "{number} min",
    "hours": "{number} h",
    "hours-and-minutes": "{hours} h {minutes} min",
    "days": "{number} days",
    "half": "half",
    "a-quarter": "a quarter",
    "agent": "agent",
    "clock-chip": "clock chip",
    "configuration": "configuration",
    "disk-wear": "disk wear",
    "memory": "memory",
    "network": "network",
    "power": "power",
    "service": "service",
    "versions": "versions",
    "camera": "camera",
    "picture": "picture",
    "program": "program",
    # the command line
    "clip-too-short": "{clip}: the clip is too short to measure; expected at least {frames} frames",
    "time-of-capture": "its capture, by the camera's timestamps",
    "time-of-arrival": "its arrival: the stream has no usable timestamps",
    "time-of-file": "the timestamps in the file",
    "time-by-count": "a count: the file has no usable timestamps",
    "which-camera": "name one camera; configured: {cameras}",
    "none": "none",
    "stream-measured": "{source}: {codec}, {width}x{height}, {fps} frames a second",
    "decoding-cost": "decoding: {milliseconds} ms of CPU a frame, {share} of one core",
    "advice": "advice: {hint}",
    "nothing-to-improve": "nothing to improve",
    "expected-picture-file": "{file}: expected a .jpg or .png file",
    "stream-gave-no-picture": "{source}: the stream sent no picture",
    "picture-not-encoded": "{file}: the picture cannot be encoded",
    "file-unwritable-because": "{file} cannot be written: {error}",
    "drawn-counts": "{zones} zone(s), {lines} line(s), {masks} mask(s)",
    "snapshot-written": "{file}: {width}x{height}, {drawn}; it shows the street: do not pass it on",
    "picture-shape-changed-masked": (
        "picture shape changed from {old} to {width}x{height}: masks and zones may be in the wrong place; "
        "masks cover all possible places"
    ),
    "confirm-picture-in-camera": (
        'when they are right for this picture, write picture = "{width}x{height}" in [[camera]] "{camera}"'
    ),
    "no-onvif-camera": "no ONVIF camera answered within {seconds} s",
    "onvif-silent": "{reason}; check that it is on this network and that ONVIF is enabled in its settings",
    "camera-clock-off": "  its clock is {seconds} s off; set a time server in its settings",
    "stream-recommended": "  <- recommended",
    "stream-offered": "  {codec} {width}x{height} at {fps}: {source}{mark}",
    "check-passed": "fine: pole {pole}, {cameras} camera(s), {rules} rule(s)",
    "cannot-be-read": "{file} cannot be read",
    "password-with-space": (
        "{path}: the password in {file} begins or ends with a space, which is part of it; check that this is "
        "intended"
    ),
    "camera-device-unreadable": (
        "{device} cannot be read; check that the camera is connected and that this user is in the group video"
    ),
    "gpio-chip-missing": (
        'no GPIO chip on this machine (/dev/gpiochip*); for a bench without one set backend = "mock"'
    ),
    "sun-of-longitude": "the sun of longitude {longitude}",
    "timezone-far-off": (
        "pole.timezone: {timezone} is {hours} hours away from {sun}; check that it is the pole's"
    ),
    "floor-faint": (
        "lamp.floor: {floor} on the {curve} curve is {light} of the light; check that this is enough"
    ),
    "and-more-within-a-year": " and of {count} more within a year",
    "program-lit-by-day": (
        'lamp.program "{program}": lit in daylight from {start} to {end} on the day of {day}{more}'
    ),
    "stays-dark": "it stays dark",
    "floor-kept": "the floor of {floor} is kept",
    "program-leaves-dark": (
        'lamp.program "{program}": leaves the night of {day}{more} without light from {start} to {end}; '
        "{kept}"
    ),
    "sensor-unreadable": "{file} cannot be read; check that the driver of the sensor is loaded",
    "folder-unwritable": "{folder} cannot be written by this user (the service runs as its own)",
    "clock-reads": "the clock reads",
    "trusted": "trusted",
    "not-trusted": "NOT trusted",
    "against": "against it",
    "surely-past": "surely past",
    "time-server-agrees": "a time server agrees",
    "server-agrees-for": "for {hours} of 24 hours; then the evidence against it is dropped",
    "cell-set-aside": "ignored until it has agreed with the clock for a day",
    "photocell": "photocell",
    "clock-accept-here": "if it is right, confirm it here: pole-agent clock accept",
    "accepted": "accepted",
    "name-the-configuration": "cannot be read; name the configuration with --config",
    "clock-memory-unwritable": "{folder}: cannot be written: {error}; try: sudo pole-agent clock accept",
    "evidence-release": "this release",
    "evidence-behind": "how far it was behind before the last start",
    "number-out-of-range": "invalid number {given}; expected 1 to {most}",
    "not-with-once": "cannot be combined with --once, which follows one pole to the end of the clip",
    "needs-a-broker": "needs a broker: give --mqtt URL, or install Mosquitto",
    "demo-begins": "pole-agent demo: a street clip, mock GPIO, {broker}",
    "demo-poles": "{count} poles, DEMO-1 to DEMO-{last}; this output follows DEMO-1",
    "paste-into-terminal": "to paste into another terminal:",
    "summary": "summary",
    "summary-people": "  people seen          {people} (tracks; {frames} frames, detector ran on {runs})",
    "summary-incidents": "  incidents            {opened} announced at opening, {closed} closed",
    "summary-lamp": "  lamp changes         {changes} (now {level}, {reason})",
    "summary-drones": "  drone requests       {count} ({states})",
    "summary-delivered": "  messages delivered   {count} events, each acknowledged by the broker ({broker})",
    "summary-memory": "  peak memory          {megabytes} MB",
    "broker-in-memory": "broker in memory (no Mosquitto is installed here)",
    "sign-ok": "ok",
    "sign-warn": "warn",
    "sign-fail": "FAIL",
    "doctor-summary": "{failed} failed, {warnings} warnings, {ok} ok",
    "check-fix": "pole-agent check --config {file}",
    "configuration-missing": "cannot be read; write one with: pole-agent init",
    "no-flight-until-then": "No drone flies until then.",
    "agent-not-running": "it is not running",
    "agent-works": "it runs, and all its parts work",
    "agent-degraded": "it runs; {parts}",
    "no-requests": "no requests",
    "who-decides": "who decides",
    "approve-question": "approve this flight? [y/N]",
    "flights-stop-set": "all flights are stopped until you end it with: {end}",
    "flights-stopped-by": "all flights are stopped by {by}; end that with: {end}",
    "flights-allowed": "flights may be requested again",
    "nothing-approved": "nothing was approved",
    "by-goes-with-key": "required with --key: the officer, as the pole knows the key",
    "by-required": "is required without a terminal: the name of the person who decides",
    "requests-ambiguous": "{count} requests begin with {beginning}; see: pole-agent drone list",
    "until": "until",
    "conduct-differs": (
        "the running agent uses another configuration (conduct_sha256 {hash}); reload it, or name its "
        "--config"
    ),
    "sign-written": "wrote {file}; print it with a browser (A4)",
    "explain-from-configuration": "no agent is running here; this is what the configuration says",
    "question-pole": "identifier of the pole (letters, digits, _ and -)",
    "question-site": "site, for example the regency",
    "question-latitude": "latitude in degrees, for example -6.8586",
    "question-longitude": "longitude in degrees, for example 107.9164",
    "question-time-zone": "time zone",
    "question-camera": "camera: rtsp://…, /dev/video0 or a file (empty: none)",
    "question-pin": "GPIO pin of the lamp, BCM number (empty: none, in memory only)",
    "question-broker": "MQTT broker, host or host:port (empty: none)",
    "question-trajectories": (
        "days to keep where people and vehicles went, without pictures, so that rules can be tried out on"
        " them (7 is recommended; the sign says so)"
    ),
    "init-written": "wrote {file}; next: {next}",
    "init-exists": "already exists; --force replaces it, --out names another file",
    "unwritable-because": "cannot be written: {error}",
    "init-unanswered": "not answered; nothing was written",
    "init-position-required": "is required; where does the pole stand?",
    "invalid-number": "invalid number {given}; expected for example {example}",
    "invalid-port": "invalid port {given}; expected host or host:port",
    "raised-by-presence": "presence raises the lamp above what you set; with --fixed it does not: {again}",
    "lamp-now": "lamp {state} at {level}, because of {reason}{lasts}",
    "because-suffix": ", because: {reason}",
    "by-unknown": "an unknown person",
    "override-now": "override to {level} ({mode}) by {by}{lasts}{why}",
    "end-with": "end it with: {command}",
    "no-time-server": "no time server was heard",
    "program-unknown-on-bench": (
        'program: unknown, because {why}; on a bench without one set [clock] trust = "system"'
    ),
    "program-unknown": "program: unknown, because {why}; see: {command}",
    "program-now-see": "program: {program}; see it with: {command}",
    "program-now": "program: {program}",
    "no-faults-seen": "none seen",
    "faults-now": "faults: {faults}",
    "faults-and-unknown": "faults: {faults}; unknown without a sensor: {unknown}",
    "lasts-for": " for another {left}",
    "lasts-until": " until {time} ({left})",
    "lamp-hours": "{hours} h of light, {switched} times switched on, {powered} times powered",
    "lamp-energy": "{kwh} kWh, estimated from rated power and duty cycle",
    "lamp-test-by-agent": "the agent ramps the lamp for {seconds} s, then returns to its program",
    "lamp-test-direct": "no agent is running here: the lamp is driven directly and released at the end",
    "lamp-test-step": "{seconds} s  duty cycle {duty}",
    "lamp-released": "the lamp is released: with the reference wiring it is lit",
    "agent-drives-lamp": (
        "an agent is running here and drives the lamp; stop it first, or use: pole-agent lamp on"
    ),
    "delivered": "delivered",
    "waiting": "waiting",
    "store-missing": (
        "{folder}: no store found; name the folder with --state-dir or the configuration with --config"
    ),
    "store-counts": "store {store}: waiting {waiting}; delivered and kept {kept}; dropped {dropped}",
    "store-size": "last sequence {last}; {used} of {most} MB used",
    "every-out-of-range": "expected 1 or more; rows of frames (--mot, --detections) need 1",
    "invalid-time-example": "invalid time {given}; expected for example {example}",
    "agent-would-publish-again": "an agent is running here and would publish everything again; stop it first",
    "retire-without-broker": "no [mqtt] is configured: no broker keeps anything of this pole",
    "retire-question": "clear {topic} at the broker? [y/N] ",
    "nothing-changed": "nothing was changed",
    "retire-cleared": "cleared at the broker: {topics}",
    "lamp-undrivable": "the lamp of {file} cannot be driven: {error}; {consequence}",
    "agent-already-running": "an agent is already running with {folder} (process {process}); stop it first",
    "unusable": "cannot be used: {error}",
    "reload-timed-out": "the new file cannot be read: the disk does not answer",
    "reload-refused": "the new file is not used: {problems}",
    "sun": "sun",
    "floor": "floor",
    "override": "override",
    "presence": "presence",
    "control": "control",
    "rule": "rule",
    "path": "path",
    "verdict": "verdict",
    "opened": "opened",
    "closed": "closed",
    "summarized": "summarized",
    "incidents": "incidents",
    "clock": "clock",
    "line": "line",
    "zone": "zone",
    "gate-open": "open",
    "gate-closed": "CLOSED",
    "identifier-too-short": "invalid identifier {given}; expected at least its first four characters",
    "invalid-time-at": 'invalid time {given}; expected "02:13" or "2026-11-24T02:13"',
    "time-in-future": "{time} is in the future",
    "no-lamp-record": "no record of the lamp",
    "no-lamp-record-before": "no record of the lamp before {time}",
    "clock-untrusted-then": "The clock was not trusted when this was recorded: the time may be wrong.",
    "agent-started-again": "It was started again at {time}.",
    "agent-ended-unrecorded": (
        "After that the agent ended without a record, perhaps because of a power cut. Then the wiring "
        "decided."
    ),
    "incidents-ambiguous": "{count} stored incidents begin with {beginning}; see: pole-agent outbox list",
    "incident-line": '{incident} by rule "{rule}", camera "{camera}", {what} "{name}", a {object}.',
    "rule-line": "{kind}, count {count}, dwell {dwell} s, active {active} (as configured now)",
    "rule-gone": "is no longer configured",
    "incident-still-open": "it is still open",
    "no-verdict": "nobody has judged yet whether it was true",
    "clock-untrusted-suffix": " (the clock was not trusted)",
    "severity-and-tracks": "{severity}, tracks {tracks}",
    "incident-ended": "after {seconds} s, at most {peak} at once, ended: {reason}",
    "drone-line": "{request}, to {place}, within {radius} m, {height} m high, {away}.",
    "simulation-sentence": "It is a simulation: nothing may fly.",
    "time-by": "{time}, by {by}",
    "gates-as-evaluated": "gates, as last evaluated:",
    "gate-values": "value {value}, limit {limit}, from {source}",
    "seconds-old": "{age} s old",
    "at-least": "at least {level}",
    "at-most": "at most {level}",
    "agent-not-here": (
        "no agent is running here ({socket}); start it with: pole-agent run --config …, or name its socket "
        "with --socket"
    ),
    "agent-not-permitted": (
        "{socket}: this user may not talk to the agent; join the group pole-agent (sudo usermod -aG "
        "pole-agent $USER)"
    ),
    "agent-closed-connection": "{socket}: the agent closed the connection",
    "clock-not-trusted-because": "not trusted: {reason}",
    "dark-by-day": "it is dark by day: the clock or the photocell is wrong, and the lamp is lit",
    "program-unknown-failsafe": "unknown, without a trusted clock or a program: failsafe level {level}",
    "program-asks": '"{program}" asks for {level}',
    "it-is-dark": "it is dark",
    "it-is-day": "it is day",
    "darkness-unknown": "it is unknown whether it is dark",
    "by-nobody": "nobody named",
    "presence-raises": "{source} raises it to {level}",
    "nobody": "nobody",
    "unknown-level": "an unknown level",
    "failsafe": "failsafe",
    "warning": "warning",
    "sweep": "sweep",
    "fixed": "fixed",
    "adaptive": "adaptive",
    "lamp": "lamp",
    "status": "status",
    "drone": "drone",
    "traffic": "traffic",
    "dispatcher": "dispatcher",
    "told-opened": "{rule}: {kind} of a {object} opened",
    "told-closed": "{rule}: {kind} closed after {seconds} s",
    "simulation": "simulation",
    "person-decides": "a person decides",
    "clip-empty": "{clip}: the clip has no frame",
    "request": "request",
    "state": "state",
    "asked-by": "asked by",
    "time": "time",
    "target": "target",
    "gates": "gates",
    "decided": "decided",
    "next": "next",
    "meaning-detected": "just detected",
    "meaning-suppressed": "held back, never asked",
    "meaning-requested": "the gates are being evaluated",
    "meaning-blocked": "a gate is closed",
    "meaning-approved": "the order is sent as soon as possible",
    "meaning-denied": "a person denied it",
    "meaning-expired": "nobody decided in time",
    "meaning-canceled": "called off",
    "meaning-sent": "the order is on its way to the dispatcher",
    "meaning-accepted": "the dispatcher accepted it",
    "meaning-rejected": "the dispatcher rejected it",
    "meaning-in-progress": "the drone is flying",
    "meaning-paused": "the flight is paused",
    "meaning-timeout": "the dispatcher did not answer; the flight was called off",
    "meaning-ok": "the flight is done",
    "meaning-partially-done": "the flight was done in part",
    "meaning-failed": "the flight failed",
    "north": "north",
    "north-east": "north-east",
    "east": "east",
    "south-east": "south-east",
    "south": "south",
    "south-west": "south-west",
    "west": "west",
    "north-west": "north-west",
    "simulation-nothing-may-fly": "a simulation, nothing may fly",
    "since": "since {time}",
    "asked-by-patrol": 'patrol "{patrol}", planned for {plan}',
    "asked-by-rule": (
        'rule "{rule}" ({severity}), camera "{camera}", at "{place}", score {score}, {count} time(s)'
    ),
    "asked-valid-until": "asked {asked}, valid until {until}",
    "left-suffix": " ({left} left)",
    "target-line": "{latitude}, {longitude}, within {radius} m, {height} m high; {where}",
    "at-the-pole": "at the pole itself",
    "from-the-pole": "{distance} {bearing} of the pole",
    "gates-not-evaluated": "not evaluated yet",
    "gates-all-open": "all {count} open",
    "gates-closed": "CLOSED: {closed}; {open} open",
    "limit-suffix": ", limit {limit}",
    "age-suffix": ", {age} old",
    "nobody-yet": "nobody yet",
    "by": "by",
    "deny-or-cancel": "; or deny, cancel instead of approve",
    "officer-name-invalid": "expected a name of 1 to 100 characters on one line",
    "seconds-out-of-range": "invalid duration {given}; expected 1 to {most} seconds",
    "not-a-pole-message": 'this is not a message of drone/request or info of a pole (no key "pole")',
    "patrol-not-in-message": (
        "unknown patrol {patrol}; expected the pole's info message with this patrol, got {patrols}"
    ),
    "time-with-zone-expected": 'expected a time with its zone, for example "2027-01-01T00:00:00Z"',
    "time-is-past": "{time} is in the past",
    "not-a-json-object": "not a JSON object",
    "message-unreadable": "{file}: cannot be read as a message: {error}",
    "info-unreadable": "this is not an info message of a pole (its patrols cannot be read)",
    "request-unreadable": "this is not a message of drone/request ({key} is missing or wrong)",
    "private-key-unusable": "{file}: not a private key of pole-agent drone key: {error}",
    "date-at-edge": "{date} is at the edge of the calendar; name another date",
    "night-partly-dark": "  warning: the program leaves a part of this night without light",
    "no-time-server-since-jump": "no time server was heard since boot after the clock jumped",
    "broker-own-mosquitto": "its own Mosquitto on {address}",
    "broker-named": "broker {address}",
    "real-time-by-day": "real time, {time} at the pole: the lamp stays off by day",
    "a-camera": "a camera",
    "frame-time-over": "the time of a frame is that of {what}; RTSP over {transport}",
    "frame-time": "the time of a frame is that of {what}",
    "night-partly-dark-floor": (
        "  warning: the program leaves a part of this night without light; the floor of {floor} is kept"
    ),
    "night-as-before": "  {line}   (as before)",
    "agent-stopped-now": (
        "Now the agent is not running: it was stopped at {since}. The wiring decided: lit, if it is the "
        "reference wiring."
    ),
    "agent-stopped-then": (
        "At {at} the agent was not running: it had been stopped at {since}. The wiring decided: lit, if it "
        "is the reference wiring."
    ),
    "lamp-is": "Now the lamp is at {level}, by {reason}, since {since}.",
    "lamp-was": "At {at} the lamp was at {level}, by {reason}, since {since}.",
    "lamp-was-last": (
        "The agent is not running now; when it last wrote, the lamp was at {level}, by {reason}, since "
        "{since}."
    ),
    "it-is-deep-night": "it is dark, and deep night",
    "floor-holds": "{floor} applies",
    "floor-not-by-day": "{floor} does not apply by day",
    "verdict-true": "true, by {by}",
    "verdict-false": "false, by {by}",
    "sign-unknown": "?",
    "override-because": "{level} by {by}{why}, {where}, {kind}",
    "from-the-pole-itself": "at the pole",
    "from-outside": "from outside",
    "presence-may-raise": "presence may raise it",
    "presence-does-not-count": "presence does not raise it",
    "bench-timed-out": "timed out: the agent did not detect within {seconds} s",
    "meaning-pending-approval": "waiting for a person to decide",
    "new-lamp-undrivable": "the lamp of the new file cannot be driven: {error}",
    # the simulated city
    "broker-url-invalid": "invalid broker address {given}; expected mqtt://host:port or mqtts://host:port",
    "only-with-mqtts": "only with mqtts://",
    "mosquitto-not-started": (
        "Mosquitto does not start on port {port}; is the port in use? choose another with --port"
    ),
    "bench-order-rejected": "the order {request} is rejected: {reason}",
    "bench-order-accepted": "the order {request} is accepted, approved by {by}{simulation}",
    "bench-wind": "the wind is {wind} m/s now",
    "flight-takes-off": "takes off",
    "flight-en-route": "en route",
    "flight-on-scene": "on scene",
    "flight-returns": "returns",
    "flight-landed": "landed",
    "bench-flight": "the flight {request}: {phase}",
    "starts-at-dusk": "its clock starts at dusk, {time}",
    "real-time": "real time, {time} at the pole",
    "flight-waits": "waits",
    "flight-no-start": "the drone does not start",
    "flight-link-lost": "the link to the drone was lost",
    "flight-battery-low": "the battery was low; the drone turned back",
    "bench-simulation": " (a simulation)",
    "bench-order-unreadable": "the order cannot be read: {error}",
    # the doctor
    "timed-out": "timed out: no answer within {seconds} s",
    "check-timed-out-fix": "Check what it waits for: the network, the camera or the disk.",
    "check-failed": "the check itself failed: {error}",
    "backend-is-mock": 'lamp.backend is "mock": no lamp is driven',
    "backend-is-mock-fix": 'On a pole write backend = "pwm" or "gpio" in [lamp].',
    "no-gpio-chip": "no GPIO chip (/dev/gpiochip*)",
    "no-gpio-chip-fix": (
        "Is this a Raspberry Pi? In a container or service, allow it: DeviceAllow=char-gpiochip rw."
    ),
    "gpio-not-permitted": "this user may not open {chips}",
    "gpio-not-permitted-fix": "sudo usermod -aG gpio $USER, then log in again.",
    "install-lgpio-fix": (
        "pip install lgpio=={version} (Python 3.11 on aarch64), or sudo apt install python3-lgpio and make "
        "the environment with --system-site-packages."
    ),
    "lgpio-missing": "the library lgpio is not installed",
    "lgpio-is-stub": "lgpio {version} is an empty stub: it cannot drive anything",
    "gpio-works": "{chips} GPIO chip(s), lgpio {version}",
    "pwm-missing-fix": (
        "Add dtoverlay=pwm,pin=18,func=2 to /boot/firmware/config.txt and restart (docs/wiring.md)."
    ),
    "pwm-not-permitted": "this user may not write {chip}/export",
    "pwm-not-permitted-fix": "The udev rule of scripts/install gives it to the group gpio; be in that group.",
    "pwm-works": "{chip}, channel {channel}",
    "sensor-without-number": "{file}: expected a number: {error}",
    "sensor-without-number-fix": "Is the sensor connected, is its driver loaded?",
    "sensor-gives": "{file} gives {value}",
    "camera-unreachable-fix": (
        "Is it powered and on this network? pole-agent camera find looks for cameras; pole-agent camera "
        "probe tries one. A camera for one viewer refuses the doctor while the agent uses it."
    ),
    "camera-answers": "it answers",
    "camera-device-fix": "Is the camera plugged in? Is this user in the group video?",
    "device-is-there": "{device} is there",
    "picture-failed-fix": "pole-agent camera probe tries it and reports more.",
    "picture-works": "{width} × {height}, {fps} frames a second",
    "light-in-picture": "light",
    "light-dark": "dark: the picture is stretched before the network",
    "light-infrared": "infrared: the picture has no colour",
    "light-day": "day",
    "light-monochrome": "no colour for longer than a night",
    "light-colourless": "no colour by day",
    "light-colourless-fix": "If the camera is not monochrome, check its day/night switch (infrared filter).",
    "model-fix": "Install the agent again, or name another model in [detector].",
    "model-speed": "{model}: {milliseconds} ms a picture, {busy} of the time if all cameras are busy",
    "model-slow-fix": (
        "Lower the fps of a camera, or choose a smaller model; otherwise it detects less often than "
        "configured."
    ),
    "secret-for-service-only": "only the service can read a password or certificate",
    "run-as-root-fix": "Run it as root: sudo pole-agent doctor.",
    "secret-unreadable-fix": "Does it exist? sudo chgrp pole-agent {file} && sudo chmod 640 {file}",
    "no-default-route": "no default route: the pole cannot reach another network",
    "no-default-route-fix": (
        "Is the modem or cable connected, has the SIM credit? ip route and mmcli -m any or nmcli device show "
        "more. Events wait on the pole meanwhile."
    ),
    "no-carrier": "{interface} has no carrier",
    "no-carrier-fix": "Check its cable, at the other end too.",
    "signal-weak": "{interface}{strength}: weak",
    "signal-weak-fix": "Move the antenna, or the access point nearer.",
    "network-works": "connected by {interface}{strength}",
    "no-broker-configured": "no broker is configured: events stay on the pole",
    "no-broker-configured-fix": "Add [mqtt] host.",
    "broker-host-unknown": "unknown host {host}: {error}",
    "broker-host-unknown-fix": (
        "Is there a network? Is the name right? resolvectl query shows what the resolver says."
    ),
    "broker-unreachable": "{broker} does not answer: {error}",
    "broker-unreachable-fix": (
        "Is the link up (SIM, signal, cable)? Does a firewall block the port? Events wait on the pole "
        "meanwhile."
    ),
    "tls-failed": "{broker}: TLS failed: {error}",
    "tls-failed-fix": (
        "Check ca_file, cert_file and key_file in [mqtt], and the clock of this pole: with a wrong date "
        "every certificate is invalid."
    ),
    "certificate-unreadable": "{file} cannot be read: {error}",
    "certificate-unreadable-fix": "Put the certificate there, readable by the group pole-agent.",
    "certificate-expires": "expires on {date}",
    "certificate-expires-fix": (
        "Issue a new one, replace {file} with it, and: sudo systemctl restart pole-agent."
    ),
    "login-failed-fix": "Check the files that [mqtt] names.",
    "login-closed": "{broker} closes the connection at the login without an answer, in {versions}",
    "login-closed-fix": (
        "Its log shows why: a client certificate that it requires, its rights, or a proxy whose broker is "
        "down."
    ),
    "login-not-answered": "{broker} does not answer the login: {error}",
    "login-not-answered-fix": "Is that the port of MQTT, with tls as the broker has it?",
    "login-wrong-password": "{broker} refused the login: wrong username or password",
    "login-wrong-password-fix": "Check username and password_file in [mqtt] against the broker's list.",
    "login-not-authorized": (
        "{broker} refused the login: not authorized (wrong username, password or certificate)"
    ),
    "login-not-authorized-fix": (
        "Check username, password_file and cert_file in [mqtt], and whether the broker allows clients "
        "without them."
    ),
    "protocol-unsupported": "{broker} does not support MQTT {protocol}",
    "protocol-unsupported-fix": 'Set protocol = "auto" in [mqtt].',
    "login-identifier-refused": "{broker} refused the doctor's client identifier; see what the agent reports",
    "login-identifier-refused-fix": "systemctl status pole-agent",
    "login-refused": "{broker} refused the login: {reason}",
    "login-refused-fix": "The broker's log shows why.",
    "login-without-retained": (
        "{broker} keeps no retained messages: who connects later sees neither status nor lamp until they "
        "change"
    ),
    "login-without-retained-fix": "Allow retained messages there (Mosquitto: retain_available true).",
    "login-qos-0": "{broker} allows QoS 0 only: it acknowledges nothing, so events wait on the pole",
    "login-qos-0-fix": "Allow QoS 1 there (Mosquitto: max_qos 1).",
    "login-cannot-subscribe": "{broker} refused this pole's subscription to {topics}",
    "login-cannot-subscribe-fix": (
        "Give the pole the right to read these below its base topic, and as many subscriptions."
    ),
    "login-mqtt-3": (
        "{broker} does not support MQTT 5: with 3.1.1 orders to fly are off, and a refused message looks "
        "delivered"
    ),
    "login-mqtt-3-fix": "Use a broker with MQTT 5, or a newer version of it.",
    "login-without-tls-fix": "Set tls = true in [mqtt].",
    "login-without-tls": "{broker} accepts this pole with MQTT {version}, without encryption",
    "login-works": "{broker} accepts this pole with MQTT {version} and TLS",
    "clock-accept-fix": (
        "Compare it with a watch. If it is right: sudo pole-agent clock accept. If not: check the time "
        "server, the clock chip and its battery. Until then the lamp shines at its failsafe level."
    ),
    "packages-missing": "not installed: {names}",
    "packages-missing-fix": "Install again: scripts/install.",
    "folder-read-only": "{folder} is on a read-only file system",
    "folder-read-only-fix": (
        "dmesg shows whether the card failed: then replace it. On purpose? Give the state a partition of its "
        "own (docs/read-only.md)."
    ),
    "folder-not-writable": "{folder} cannot be written by this user",
    "folder-not-writable-fix": "The service's user must own it: sudo chown -R pole-agent {folder}",
    "disk-scarce": "{free} MB are free, the store may use {most}",
    "disk-scarce-fix": (
        "Lower storage.max_mb, or make room: sudo journalctl --vacuum-size=50M, sudo apt clean."
    ),
    "sign": "sign",
    "sign-current": "the sign at the pole ({hash}) says what the pole does",
    "sign-outdated": "the sign at the pole ({printed}) is outdated: the pole has changed ({now})",
    "sign-before-trajectories": (
        "the pole keeps the paths of people and vehicles (storage.trajectory_days): a sign that was printed"
        " before is outdated"
    ),
    "sign-not-given": "nobody has said which sign hangs at the pole",
    "sign-fix": (
        "Print it with pole-agent explain --page sign.html, put it up, and write its number into the"
        ' configuration: [pole] sign = "{hash}"'
    ),
    "trajectories-off": (
        "no trajectories are kept: set storage.trajectory_days, and wait some days (the sign must say so)"
    ),
    "trajectories-none": "no trajectories of {camera} are kept yet at {folder}",
    "trajectories-not-since": "no trajectories are kept since {since}",
    "invalid-since": 'invalid time {given}; expected "7d", "36h", "90m" or a date, "2026-11-20"',
    "files-read": "{done} of {of} files",
    "line-not-configured": "unknown line {name}; known are: {known}",
    "not-configured": "not configured",
    "rehearsal-of": "{camera}: {since} to {until}, watched for {hours} h",
    "rehearsal-gaps": "  interrupted {breaks} times, {bytes} damaged bytes: what happened there is not known",
    "rehearsal-rule": "{rule} ({kind}, {place}): {new} incidents, {a_day} a day; with today's rules: {today}",
    "rehearsal-muted": "  {count} of them beyond {most} alarms an hour: these would only be counted",
    "rehearsal-many-alarms": (
        "{count} alarms would have been told in the hour from {hour}; an operator bears about {share} of all"
        " poles (EEMUA 191)"
    ),
    "rehearsal-light": "lamp: {new} Wh in this time; with today's rules {today} Wh ({more} Wh)",
    "rehearsal-light-hour": "  {hour} raised for {new} min; with today's rules {today} min ({more} Wh)",
    "count-of": "{line}: {passed} passed, {forward} forward, {backward} backward, watched for {hours} h",
    "trajectories-late": "the disk is too slow for trajectories: some are lost",
    "trajectories-unwritable": "trajectories cannot be written: {reason}",
    "trajectories-no-room": (
        "no space for trajectories: what is free is left to the store; lower storage.max_mb, or make room"
    ),
    "disk-free": "{free} MB are free at {place}",
    "patches-unknown": "when the operating system was last updated is unknown",
    "patches-age": "the operating system was last updated {days} days ago",
    "patches-reboot-pending": "{age}; a reboot is pending, until then the former kernel or library runs",
    "patches-reboot-fix": "Reboot by day, when the lamp is off: sudo systemctl reboot (docs/patches.md).",
    "patches-fix": (
        "Install unattended-upgrades as docs/patches.md says, or: sudo apt-get update && sudo apt-get upgrade"
    ),
    "wear-unknown": "this storage does not report its wear",
    "wear-used": "{percent} % of its life is used",
    "wear-used-fix": "Plan to replace it; everything reported as stored is still there.",
    "memory-free": "{free} of {total} MB are free",
    "memory-scarce-fix": "Stop other programs here; a pole needs 1 GB.",
    "processes-killed": "{memory}; {kills} process(es) were killed for lack of memory since boot",
    "board-unknown": "this board reports neither temperature nor voltage",
    "board-temperature": "{celsius} °C",
    "voltage-too-low": "{celsius} °C, the voltage is too low",
    "voltage-too-low-fix": "Use a stronger supply (5.1 V, 3 A; Pi 5: 5 A) and a short thick cable.",
    "board-throttled": "{celsius} °C, the processor is slowed down",
    "board-throttled-fix": "Give the case air or a heat sink. The detector slows down first, the lamp never.",
    "no-watchdog": "no hardware watchdog (/dev/watchdog)",
    "no-watchdog-fix": "On a Raspberry Pi: dtparam=watchdog=on in /boot/firmware/config.txt.",
    "watchdog-unused": "it is there, but systemd does not use it",
    "watchdog-unused-fix": (
        "scripts/install writes RuntimeWatchdogSec=15 to /etc/systemd/system.conf.d; restart after it. More "
        "than 15 s switches that of a Pi 4 off."
    ),
    "watchdog-used": "systemd uses it, {timeout}",
    "no-systemd": "systemd is not running here",
    "service-state": "{enabled}, {active}, {restarts} restarts",
    "service-fix": (
        "sudo systemctl enable --now {unit}; journalctl -u {unit} -n 50 shows why it is not running."
    ),
    "service-restarts-fix": "journalctl -u {unit} shows why it restarted.",
    "clock-and-source": "{now}, {source}",
    "clock-but": "{now}, but {reason}",
    "clock-unheard-fix": (
        "timedatectl timesync-status or chronyc sources shows why; UDP port 123 must be open. A clock chip "
        "helps while there is no network."
    ),
    "clock-wrong-fix": (
        "Connect a network with a time server, install a clock chip (RTC), or set it: sudo timedatectl "
        "set-time. Until then the lamp shines at its failsafe level."
    ),
    "clock-chip-works": "/{device} is there",
    "no-clock-chip": "no clock chip (RTC)",
    "no-clock-chip-fix": (
        "Until a time server is heard, the lamp shines at its failsafe level. A Pi 5 needs a battery on its "
        "connector, older ones a DS3231 (docs/clock.md)."
    ),
    # what the system and the libraries say, as they write it
    "library-not-authorized": "Not authorized",
    "library-at-least": "greater than or equal to {limit}",
    "library-at-most": "less than or equal to {limit}",
    "library-above": "greater than {limit}",
    "library-below": "less than {limit}",
    "library-text-too-short": "string should have at least {least} character; given: {given}",
    "library-text-too-long": "string should have at most {most} characters; given: {given}",
    "library-no-such-file": "No such file or directory",
    "library-permission-denied": "Permission denied",
    "library-not-permitted": "Operation not permitted",
    "library-no-space": "No space left on device",
    "library-disk-quota": "Disk quota exceeded",
    "library-read-only": "Read-only file system",
    "library-is-a-directory": "Is a directory",
    "library-not-a-directory": "Not a directory",
    "library-file-exists": "File exists",
    "library-name-too-long": "File name too long",
    "library-io-error": "Input/output error",
    "library-connection-refused": "Connection refused",
    "library-no-route": "No route to host",
    "library-network-unreachable": "Network is unreachable",
    "library-name-unknown": "Name or service not known",
    "library-name-for-now": "Temporary failure in name resolution",
    "library-toml-at": "{problem} (at line {line}, column {column})",
    "library-toml-at-end": "{problem} (at end of document)",
    "library-toml-key-start": "Invalid initial character for a key part",
    "library-toml-value": "Invalid value",
    "library-toml-character": "Found invalid character {character}",
    "library-toml-twice": "Cannot declare {name} twice",
    "library-toml-table-end": "Expected ']' at the end of a table declaration",
    "library-toml-array-end": "Expected ']]' at the end of an array declaration",
    "library-toml-immutable": "Cannot mutate immutable namespace {name}",
    "library-toml-redefined": "Cannot redefine namespace {name}",
    "library-toml-overwritten": "Cannot overwrite a value",
    "library-toml-equals": "Expected '=' after a key in a key/value pair",
    "library-toml-hex": "Invalid hex value",
    "library-toml-scalar": "Escaped character is not a Unicode scalar value",
    "library-toml-newline": "Expected newline or end of document after a statement",
    "library-toml-open-array": "Unclosed array",
    "library-toml-inline-twice": "Duplicate inline table key {key}",
    "library-toml-open-table": "Unclosed inline table",
    "library-toml-unescaped": "Unescaped '\\' in a string",
    "library-toml-illegal": "Illegal character {character}",
    "library-toml-expected": "Expected {what}",
    "library-toml-open-string": "Unterminated string",
    "library-toml-date": "Invalid date or datetime",
    "library-toml-statement": "Invalid statement",
    # models
    "model-columns": (
        "AP50 in percent: person / two-wheeler / vehicle; cost: time of one picture, nanodet-g-320-int8 = 1"
    ),
    "model-installed": "installed {name} ({path}); choose it with: pole-agent model use {name}",
    "model-chosen": (
        "[detector] model is {value} in {path}; the agent uses it after: systemctl reload pole-agent"
    ),
    "model-name": "invalid model name {name}; use letters, digits, dots, _ and - only, 1 to 64 of them",
    "model-not-offered": (
        "unknown model {name} in the catalogue; known: {known}; or give the path of a card with [download]"
    ),
    "model-not-here": "unknown model {name}; on this machine: {known}",
    "model-not-fetched": (
        "the model {name} is not on this machine; fetch it with: pole-agent model get {name}"
    ),
    "model-without-download": "{card}: the card has no [download] table with url and bytes",
    "model-not-copied": (
        "{file}: cannot be written: {error}; run this with sudo, or choose a folder with --folder"
    ),
    "model-family-unknown": "unknown family {family}; supported: {known}",
    "model-input": "{model}: the input {input} is {shape}; expected one picture of a fixed size",
    "model-not-onnx": "{model}: ONNX Runtime cannot read it: {error}",
    "edit-by-hand": 'cannot be changed here; write {key} = "{value}" by hand',
    "config-not-written": "{path}: cannot be written: {error}; run this with sudo",
    "download-failed": "{source}: download failed: {error}",
    "download-not-https": "{url}: refused; expected an address that begins with https://",
    "download-size": "{source}: {size} bytes; expected {expected}: this is another file",
    "download-broke-off": (
        "{source}: the download broke off after {size} of {expected} bytes; run the command again to continue"
    ),
    "download-other-file": (
        "{source}: this is another file than that of the catalogue: sha256 {found}…, expected {expected}…"
    ),
    "bench-models": (
        "{threads} threads, {rate} pictures/s; time of one picture, share of the time (at most {busy}), mean "
        "AP50 in percent"
    ),
    "bench-no-model-keeps-up": "no model keeps up with this on this board; lower --fps, or use fewer cameras",
    "bench-recommends": "recommended here: {name}",
    # the page
    "network-invalid": 'invalid network {given}; expected an address such as "127.0.0.1" or "10.8.0.0/24"',
    "page-needs-both-files": "cert_file and key_file are needed together",
    "page-needs-tls": (
        "{host} can be reached from other machines: set cert_file and key_file, or trusted_proxies "
        "for a proxy that does the HTTPS; or keep 127.0.0.1 and come through ssh"
    ),
    "overlay-no-json": "invalid JSON: {error}",
    "overlay-key-unknown": "may not be in an overlay; expected {known}; change it in pole.toml",
    "overlay-list-expected": "expected a list of tables",
    "trial-crashed": "the agent failed to start {count} times with it",
    "trial-silent": "the agent does not answer",
    "trial-not-taken": "the agent does not run it; its log says why",
    "trial-broker": "the broker has not acknowledged it after {seconds} s",
    "trial-worse": "parts that worked before are degraded: {parts}",
    "trial-cut": "the trial was interrupted, by a power cut or a kill",
    "trial-by-hand": "the file was changed by hand during the trial; that file stays",
    "journal-damaged": "{file}: invalid ({error}); the journal is set aside, the present configuration stays",
    "apply-no-agent": "the agent does not run; nothing is installed",
    "apply-clock-untrusted": "the clock is not trusted; nothing is installed until it is",
    "target-missing": "{target} is missing in the repository",
    "target-name-taken": "{file} is another file than {target}; give the new one a new name",
    "remote-not-set-up": (
        'not found; write repository = "https://…" into it, and put the first root beside it '
        "(root.json): docs/fleet.md"
    ),
    "apply-state": "configuration {sha256}: {state}",
    "wave-invalid": (
        "invalid wave {wave}; expected canary (a list), percent (0 to 100) and hold (true or false)"
    ),
    "bundle-without-version": "the signed bundle has no version",
    "release-held": "not this pole's turn yet",
    "release-waits": "waits for the window of remote.toml",
    "bundle-too-large": "{file}: refused: it unpacks to more than 2 GB or 20 000 files",
    "bundle-invalid": "{file}: not a bundle of scripts/bundle ({error})",
    "installer-timed-out": "the installer timed out after {minutes} minutes",
    "installer-failed": "the installer failed, the version before runs: {said}",
    "overlay-table-expected": "expected a table",
    "change-needs-one-key": "needs one key of the configuration",
    "change-needs-two-keys": "this change needs two of three keys; sign it as full/POLE.toml",
    "change-needs-hand": "refused: only a person at the pole may change this",
    "change-asks-for-drone": "a rule that asks for a drone, or its place, needs two of three keys",
    "change-mask-away": "to take a privacy mask away needs two of three keys",
    "change-below-floor": "a level below [lamp] floor needs two of three keys",
    "change-path-outside": (
        "refused: {value} is outside what a remote configuration may name; expected a credential "
        "($CREDENTIALS_DIRECTORY/pole_NAME), fences/NAME.geojson, a model by name, a stream or /dev/videoN"
    ),
    "change-password-elsewhere": (
        "refused: another host, port or encryption would get the old password; give a new password_file"
    ),
    "overlay-masks-expected": "expected a list of polygons for each camera",
    "overlay-camera-unknown": "unknown camera; expected one of {known}",
    "overlay-refused": "the overlay of the page is not used: {problems}",
    "overlay-is-used": (
        "{zones} zones, {lines} lines and {rules} rules come from the page, and {masks} masks are "
        "added by it ({file})"
    ),
    "overlay-taken-back": "a change made on the page was taken back: {reason}",
    "overlay-trial-cut": "the agent stopped before the change was confirmed",
    "page-too-slow": "timed out: the request took too long",
    "page-failed": "failed; the log of the agent says why",
    "page-host-unknown": "unknown host name; expected the address of the pole, or a name of [page] names",
    "page-not-here": "not found",
    "page-forged": "refused: this request does not come from this page; load it again",
    "page-login-first": "log in first",
    "page-right-missing": "refused: the role {role} may not do this",
    "page-no-picture": "refused: the picture is shown at the pole only",
    "page-question-invalid": "invalid question: {error}",
    "page-command-invalid": 'invalid command; expected {{"path": …, "payload": {{…}}}}',
    "page-flood": "refused: too many commands; try again in a minute",
    "page-login-invalid": "name and password are expected",
    "page-login-wrong": "wrong name or password",
    "page-login-later": "too many wrong passwords; try again in {seconds} s",
    "page-cannot-save": "refused: this agent cannot save changes",
    "page-changed-meanwhile": "somebody else has saved meanwhile; load the page again",
    "page-rehearses-already": "a rehearsal is under way; try again when it is done",
    "page-overlay-too-large": "too large; expected at most {most} KB",
    "accounts-damaged": "damaged; make the accounts again: pole-agent page user add",
    "password-length": "invalid password; expected {least} to {most} characters",
    "account-name-invalid": (
        "invalid name; expected 1 to 100 printable characters without a space at either end"
    ),
    "account-known": "there is an account {name} already; for a new password: pole-agent page user passwd",
    "account-unknown": "unknown account {name}; known: {known}",
    "accounts-too-many": "there are {most} accounts already; remove one first",
    "accounts-written": "{file} is written; the running page uses it at once",
    "password-prompt": "Password (12 characters or more): ",
    "password-again": "Once more: ",
    "passwords-differ": "the passwords differ",
    "demo-page": "look at it: {address} (on this machine only; all of it simulated)",
    # the page, in the browser
    "ui-now": "Now",
    "ui-tonight": "Tonight",
    "ui-setup": "Set-up",
    "ui-drone": "Drone",
    "ui-health": "Health",
    "ui-login": "Log in",
    "ui-name": "Name",
    "ui-password": "Password",
    "ui-enter": "Log in",
    "ui-leave": "Log out",
    "ui-simulation": "SIMULATION",
    "ui-lost": "connection lost",
    "ui-connected": "connected",
    "ui-language": "Language",
    "ui-views": "Views",
    "ui-lost-words": "The pole does not answer; what you see is old. Retrying …",
    "ui-clock-untrusted": "The clock is not trusted:",
    "ui-picture-of": "Picture of the camera {camera}",
    "ui-stage-of": "Zones, lines, masks and boxes of the camera {camera}",
    "ui-street": "Street",
    "ui-camera": "Camera",
    "ui-no-camera": "No camera is configured.",
    "ui-picture-waits": "Waiting for a picture …",
    "ui-drawn-only": "The picture stays at the pole; this is drawn from boxes.",
    "ui-nobody": "nobody",
    "ui-lamp": "Lamp",
    "ui-until": "until {time}",
    "ui-why": "Why?",
    "ui-open-incidents": "Open incidents",
    "ui-store-silent": "The store does not answer.",
    "ui-none": "None.",
    "ui-last-days": "The last three days",
    "ui-no-incidents": "No incidents.",
    "ui-open-still": "still open",
    "ui-was-one": "It was one",
    "ui-false-alarm": "False alarm",
    "ui-verdict-true": "noted: it was one",
    "ui-verdict-false": "noted: false alarm",
    "ui-traffic": "Traffic, every five minutes",
    "ui-class": "Class",
    "ui-traffic-of": "{class}: how many came, every five minutes",
    "ui-no-traffic": "Nothing has been summarized yet; the first summary comes after five minutes.",
    "ui-night-chart": "The night of {evening}: planned level and what happened, in percent",
    "ui-night-legend": "Line: planned. Area: what happened. Upright line: now.",
    "ui-as-table": "As a table",
    "ui-from": "From",
    "ui-to": "To",
    "ui-planned": "Planned",
    "ui-program-tonight": "Program {program}; at night never below {floor} from outside.",
    "ui-energy-planned": "Planned: {kwh} kWh at {watts} W.",
    "ui-level": "Level",
    "ui-minutes": "Minutes (1 to 720)",
    "ui-fixed": "fixed: presence does not raise it",
    "ui-set": "Set",
    "ui-resume": "Resume the program",
    "ui-done": "Done.",
    "ui-no-right": "Your role may look at this, not change it.",
    "ui-unknown": "unknown",
    "ui-gates": "Gates",
    "ui-gate": "Gate",
    "ui-state": "State",
    "ui-value": "Value",
    "ui-limit": "Limit",
    "ui-gate-open": "open",
    "ui-gate-closed": "closed",
    "ui-gates-not-yet": "The gates were not evaluated yet.",
    "ui-key-ready": "The key is read; it stays in this browser.",
    "ui-key-file": "Your private key (stays in this browser)",
    "ui-not-an-officer": "This pole knows the keys of {names}; your account must have that name.",
    "ui-key-needs-https": "This browser signs only over https or on the pole itself (127.0.0.1).",
    "ui-key-invalid": "invalid key; expected a file made by pole-agent drone key",
    "ui-approve": "Approve the flight",
    "ui-deny": "Deny",
    "ui-cancel": "Cancel",
    "ui-simulation-nothing-flies": "Simulation: nothing flies.",
    "ui-asked": "asked {count} times",
    "ui-valid-until": "Asked {asked}, valid until {until}",
    "ui-target": "Target",
    "ui-above-ground": "above ground",
    "ui-history": "History",
    "ui-flights-stopped": "All flights are stopped by {by}.",
    "ui-stop-all": "Stop all flights",
    "ui-resume-flights": "Let flights go on",
    "ui-drone-requests": "Drone requests",
    "ui-drone-off": "Drone requests are switched off in pole.toml.",
    "ui-map": "Map around the pole",
    "ui-north": "N",
    "ui-parts": "Parts",
    "ui-part-ok": "ok",
    "ui-part-warn": "warning",
    "ui-part-fail": "failed",
    "ui-part-degraded": "degraded",
    "ui-part-unknown": "unknown",
    "ui-examining": "Examining …",
    "ui-examine": "Examine the pole",
    "ui-doctor": "Doctor",
    "ui-nothing-kept": "Nothing is kept yet.",
    "ui-since": "since {time}",
    "ui-why-lamp": "Why the lamp is as it is",
    "ui-log": "Log of commands",
    "ui-vitals": "Vitals",
    "ui-clock": "Clock",
    "ui-trusted": "trusted",
    "ui-uplink": "Uplink",
    "ui-no-broker": "no broker is configured",
    "ui-online": "online",
    "ui-offline": "offline",
    "ui-waiting": "Events waiting",
    "ui-last-number": "Last event",
    "ui-dropped": "Dropped",
    "ui-uptime": "Running for",
    "ui-memory": "Memory",
    "ui-disk": "Free disk",
    "ui-temperature": "Temperature",
    "ui-version": "Version",
    "ui-light-day": "daylight",
    "ui-light-dark": "dark",
    "ui-light-infrared": "infrared",
    "ui-light-monochrome": "monochrome",
    "ui-point": "Point {number}: x {x}, y {y}; arrow keys move it, Delete removes it",
    "ui-points-of": "Points of {name}",
    "ui-point-short": "Point",
    "ui-actions": "Actions",
    "ui-coordinate": "Point {number}, {axis}",
    "ui-insert-after": "Insert a point after {number}",
    "ui-delete-point": "Delete point {number}",
    "ui-new-rule": "new rule",
    "ui-kind": "Kind",
    "ui-zone": "Zone",
    "ui-line": "Line",
    "ui-mask": "Mask",
    "ui-whole-picture": "whole picture",
    "ui-direction": "Direction",
    "ui-direction-any": "any",
    "ui-direction-forward": "forward",
    "ui-direction-backward": "backward",
    "ui-dwell": "Dwell time (s)",
    "ui-count": "So many at least",
    "ui-active": "Active",
    "ui-severity": "Severity",
    "ui-most-an-hour": "Alarms an hour, at most",
    "ui-notify": "Notify (labels, commas between)",
    "ui-classes": "Classes",
    "ui-raises-lamp": "raises the lamp",
    "ui-for-seconds": "for so many seconds",
    "ui-asks-for-drone": "asks for a drone",
    "ui-delete-rule": "Delete this rule",
    "ui-rehearsed": "Rehearsal",
    "ui-rule": "Rule",
    "ui-alarms-new": "With these rules",
    "ui-alarms-today": "With today's rules",
    "ui-a-day": "a day",
    "ui-light-costs": "The lamp: {after} Wh with these rules, {before} Wh with today's.",
    "ui-lamp-raised": "Minutes in which the lamp was brighter, by hour",
    "ui-hour": "Hour",
    "ui-lamp-test-on": "The lamp shines at {level} for 30 s.",
    "ui-tests": "Tests",
    "ui-camera-figures": "{rate} pictures a second, {latency} ms late",
    "ui-model": "Model",
    "ui-model-figures": "{runs} runs, {ms} ms each",
    "ui-elsewhere": "Everything else",
    "ui-elsewhere-words": (
        "The page changes zones, lines, rules and further masks only. For cameras, lamp, broker "
        "and secrets, at the pole:"
    ),
    "ui-zones-lines-masks": "Zones, lines and masks",
    "ui-draw": "Draw",
    "ui-draw-zone": "Draw a zone",
    "ui-draw-line": "Draw a line",
    "ui-draw-mask": "Draw a mask",
    "ui-undo": "Undo",
    "ui-draw-how": "Click adds a point; a click on the first point, or Enter, closes the shape; Escape ends.",
    "ui-draw-line-how": "Click the beginning and the end.",
    "ui-edit-how": (
        "Click a shape to choose it. Drag a point to move it, click an edge to insert one, press a "
        "point long to delete it. The table does the same with the keyboard."
    ),
    "ui-mask-false-box": "Mask a false box",
    "ui-shapes": "Shapes",
    "ui-delete": "Delete",
    "ui-rules": "Rules",
    "ui-save-title": "Try and save",
    "ui-save": "Save",
    "ui-rehearse": "Rehearse on the last 7 days",
    "ui-back-to-file": "Back to pole.toml",
    "ui-no-trajectories": "Rules can be rehearsed once [storage] trajectory_days is set.",
    "ui-saving": "Saving …",
    "ui-on-trial": "Saved. The pole tries it and keeps it when it comes up well …",
    "ui-rehearsing": "Rehearsing; a week takes up to a minute …",
    "ui-kept": "Kept: the pole runs well with it.",
    "ui-taken-back": (
        "Taken back: the pole did not come up well with it. The former one is in force; see Health."
    ),
    "ui-override": "Override",
    "ui-requests-waiting": "Requests waiting: {count}",
    "ui-problems": "Problems: {count}; nothing is saved",
    "ui-degraded": "degraded: {count}",
    "page-step-invalid": "invalid step; expected its name, and answers of at most 200 characters",
    "page-no-commissioning": "refused: the demo is no pole that could be taken into service",
    "page-step-under-way": "a step is under way; try again when it is done",
    "ui-commission": "Take into service",
    "ui-commission-words": "Step by step, partly by the pole and partly by you. It goes on where it stopped.",
    "ui-step-left": "to do",
    "ui-step-asked": "your answer",
    "ui-step-ok": "ok",
    "ui-step-warn": "with a remark",
    "ui-step-fail": "failed",
    "ui-answer-these": "Answer",
    "ui-walk-now": "Walk through the zone now; you have 90 s …",
    "ui-looking": "Looking …",
    "ui-do-step": "Do this step",
    "ui-sign-off": "Sign off",
    "ui-steps-open": "Steps still open: {count}",
    "ui-steps-done": "All steps are done.",
    "ui-signed-by": "Who signs",
    "ui-despite": "Why in service with defects (only then)",
    "ui-signed-off": "Signed off; the city is told.",
    "ui-report": "The report for paper",
    # commissioning
    "choice-yes": "yes",
    "choice-no": "no",
    "choice-dark": "no light",
    "choice-dim": "dim light",
    "choice-full": "full light",
    "choice-time": "a time of day, for example 14:05",
    "word-lit": "lit",
    "word-unlit": "not lit",
    "sign-left": "to do",
    "step-identity": "Identity of the pole",
    "step-clock": "Clock",
    "step-configuration": "Configuration",
    "step-night": "Light tonight",
    "step-lamp": "Lamp",
    "step-feedback": "Feedback of the lamp",
    "step-fail-lit": "Lit without the board",
    "step-camera": "Camera",
    "step-masks": "Masks",
    "step-walk": "Walk through the zone",
    "step-uplink": "Connection to the city",
    "step-disk": "Disk",
    "step-board": "Supply, heat and service",
    "step-drone": "Drone gates",
    "step-sign": "Sign at the pole",
    "task-lamp": "Look at the lamp. It changes once you go on, and stays so until you have answered.",
    "task-fail-lit": (
        "Cut the supply of the board (not of the lamp) for ten seconds, and look at the lamp meanwhile. "
        "Then switch the board on again and go on with this step."
    ),
    "task-walk": (
        "Walk through the zone, alone, from one side to the other. You have 90 seconds from the moment "
        "you go on."
    ),
    "ask-plate": "Do the plate and the work order say {pole} ({name}) at {where}?",
    "ask-replacement": (
        "The broker or the store knows another store of this pole. Is this board its replacement?"
    ),
    "ask-phone": "What time does your phone show?",
    "ask-light": "What does the lamp do?",
    "ask-lit": "Was the lamp lit while the board had no supply?",
    "ask-right-view": (
        "Is the picture the view of this camera, upright and sharp, with the zones where people walk?"
    ),
    "ask-covered": "Is each window, door and yard of a home black in the picture?",
    "ask-stop": "Does the officer on duty know how to stop all flights?",
    "ask-sign": "Does the sign hang at the pole, readable before the camera sees somebody?",
    "commission-enter": "Press Enter to go on. ",
    "commission-again": "r repeats this step, Enter goes on. ",
    "commission-later": "Afterwards, go on with {command}",
    "commission-picture": "the picture lies in {file}; it is for you only, and deleted once you answer",
    "commission-done": "all steps are done: {ok} fine, {warn} with a remark, {fail} failed",
    "commission-sign-now": "sign off with {command}",
    "commission-told": "signed off, and told to the city: record_sha256 {hash}",
    "commission-card-moved": (
        "the card was signed off on another board ({board}); that one must not be started again"
    ),
    "commission-copied": (
        "this store was signed off on another board ({board}); a card is not copied to a second pole"
    ),
    "commission-known-before": (
        "the city knows earlier stores of this pole: {stores}; another pole may have its name"
    ),
    "commission-plate-differs": "the plate does not say {pole}; correct [pole] id and site",
    "commission-identity-ok": "{pole}, store {store}",
    "commission-clock-off": (
        "the clock is off by {minutes} min; check the time server and [pole] timezone ({zone})"
    ),
    "commission-clock-ok": "{time}, as on the phone",
    "commission-configuration-differs": (
        "the agent runs another configuration than that of the file; reload it"
    ),
    "commission-configuration-ok": "configuration {digest} runs",
    "commission-no-echo": (
        "publishing is acknowledged, but the pole's own status did not come back within {seconds} s; "
        "check the broker's rights for subscribing"
    ),
    "commission-nothing-acknowledged": "no event was acknowledged; check the broker's rights for events",
    "commission-uplink-ok": "{broker}: {events} events acknowledged, and the pole's own status came back",
    "commission-lamp-held": (
        "the lamp was asked for {wanted}, the agent drives {level}; something else has priority"
    ),
    "commission-lamp-inverted": (
        "asked for {asked}, seen {sees}: the pin is inverted; check lamp.active_low and the wiring"
    ),
    "commission-lamp-undimmed": (
        "asked for dim light, but {sees} is seen: the lamp does not follow the dimming; check the driver and "
        "its wire"
    ),
    "commission-lamp-differs": "asked for {asked}, seen {sees}; check the driver, the pin and the wire",
    "commission-lamp-ok": "asked for {asked}, seen so, at {level}",
    "commission-not-unplugged": (
        "the board has not been without supply since this step began; cut its supply and answer again"
    ),
    "commission-dark-unplugged": "the lamp is dark without the board; check the wiring, see docs/wiring.md",
    "commission-fail-lit-ok": "the board restarted, and the lamp was lit meanwhile",
    "commission-feedback-silent": "the feedback gives no value; check its pin or file",
    "commission-feedback-inverted": "the feedback is the wrong way round; check lamp.feedback.active_low",
    "commission-feedback-stuck": "the feedback always says {lit}; check its sensor and wire",
    "commission-feedback-ok": "the feedback follows the lamp",
    "commission-no-program": "the lamp has no program now, because the clock is not trusted",
    "commission-dark-night": "the program gives no light at night; check lamp.program and part_night",
    "commission-dark-hours": "the program leaves {nights} nights of a year partly dark, {hours} h in all",
    "commission-night-ok": "program {program}, up to {most} in the night",
    "commission-device-in-use": (
        "the agent holds this device, so the picture was not looked at here; look at it on the page"
    ),
    "commission-frozen": "the picture is frozen: {frames} frames are all the same",
    "commission-picture-dark": "the picture is nearly black; look again with light",
    "commission-wrong-view": (
        "the picture is not the view of the camera {camera}; check its source and where it points"
    ),
    "commission-mask-leaks": "the masks do not cover: {pixels} pixels of them show the street",
    "commission-mask-shape": (
        "the masks were drawn on a picture of {drawn}, it has {now} now; draw them again"
    ),
    "commission-mask-missing": "something of a home shows; draw a mask over it",
    "commission-masks-ok": "{masks} masks cover {share} of the picture",
    "commission-zone-masked": "{share} of the zone {zone} lies under masks; nobody can be seen there",
    "commission-nobody-seen": (
        "nobody was seen in the zone {zone} within {seconds} s; check where it is drawn, and where the "
        "camera points"
    ),
    "commission-zone-busy": "somebody else was in the zone {zone}; walk again when it is empty",
    "commission-walk-ok": "{zone}: a {label} was followed after {after} s",
    "commission-disk-ok": "the store has written, and there is room",
    "commission-board-ok": "supply, heat, memory and service are fine",
    "commission-flights-stopped": "flights are stopped now",
    "commission-nobody-can-stop": (
        "the officer on duty does not know how to stop flights; show it before drones are enabled"
    ),
    "commission-drone-ok": "a fence holds, and a person approves",
    "commission-sign-missing": "no sign hangs at the pole; print it with pole-agent explain --page",
    "commission-sign-ok": "the sign hangs, and says what the pole does",
    "commission-record-format": "format {format} of the record is unknown",
    "commission-not-a-record": "this is no record of a commissioning",
    "commission-of-another": "{file} is the record of {pole}; choose another --record",
    "commission-signed-off": "{file} is signed off; choose another --record to begin anew",
    "commission-step-unknown": "unknown step {step}; expected {known}",
    "commission-answer-invalid": "invalid answer {answer} to {key}",
    "commission-configuration-changed": (
        "the configuration has changed since the first step; begin anew with another --record"
    ),
    "commission-steps-left": "not done yet: {steps}",
    "commission-has-defects": (
        "failed: {steps}; repeat them, or say with --despite why the pole goes into service"
    ),
    "commission-name-invalid": "expected a name of 1 to 100 characters",
    "commission-notice-invalid": "invalid {key} of a sign-off",
    "commission-other-record": "this is not the record of that hash",
    "commission-genuine": "the signature is genuine, by the key {key}",
    "commission-forged": "the signature is not that of this record",
    "replace-no-store": "no store is there",
    "replace-archive-damaged": "the archive is damaged",
    "replace-no-archive": "this is no archive of a pole",
    "replace-store-there": "a store is there already; move it away if no pole has used it",
    "replace-agent-runs": "the agent runs; stop it first",
    "replace-other-pole": "{file} is of another pole than {pole}; move it away first",
    "replace-packed": "{pole} is in {file}; keep it safe, and do not start the old board again",
    "replace-taken": "this board is {pole} now: store {store} follows {before}",
    "replace-missing": "put in place before you start: {files}",
    "replace-then": "start the agent, then take the board into service with pole-agent commission",
    # the regency's repository
    "repository-frozen": (
        "{where}: {error}; nothing changes until the office signs again: pole-agent repository publish"
    ),
    "repository-untrusted": (
        "{where}: {error}; nothing was taken from it. At the office: pole-agent repository status"
    ),
    "target-not-as-signed": (
        "{target} from {where} is not what was signed; nothing was taken. Publish it again"
    ),
    "repository-lacks": "{where} has no {file}; publish it again, or copy the whole folder",
    "repository-not-a-file": "{file} is a link or a device, and not a plain file",
    "target-cut-short": "{target}: {got} of {length} bytes came; the next sync goes on from there",
    "key-name-invalid": (
        "{name}: the name of a holder has small letters, digits, dots and hyphens, at most 40"
    ),
    "key-unreadable": "{file} is not a key of pole-agent repository key ({error})",
    "passphrase-too-short": "the passphrase needs {least} characters or more",
    "passphrase-wrong": "{file}: wrong passphrase, or a damaged file",
    "web-address-invalid": (
        'invalid address {address}; expected "https://updates.example.go.id/poles" or a folder such as '
        '"/media/stick"'
    ),
    "web-redirect": "{where} sends elsewhere ({to}); write the address that it leads to into remote.toml",
    "web-status": "{where} answers {status} for {file}; look at the web server",
    "web-too-slow": "{where} sends less than {floor} bytes a second; the next sync goes on from there",
    "web-unreachable": "{where} cannot be reached ({error}); the next sync tries again",
    "budget-spent": (
        "the {megabytes} MB of today are spent; the download goes on tomorrow. remote.toml sets "
        "budget_mb_a_day"
    ),
    "repository-empty": "{folder} is not a repository; begin one with pole-agent repository init",
    "repository-exists": "{folder} is a repository already",
    "repository-keys-few": "{role} needs {least} different keys or more",
    "target-name-invalid": (
        "{name} is not a name that poles ask for; expected light/ID.toml, light/group/NAME.toml, "
        "full/ID.toml, release/MACHINE-py3.N.tar.gz, model/NAME.onnx, fence/NAME.geojson"
    ),
    "target-unknown": "the repository has no {name}",
    "release-without-version": "{name} needs --version: what the agent of this bundle calls itself",
    "wave-of-release-only": "only a release has a version and a wave",
    "percent-invalid": "expected 0 to 100",
    "key-not-of-role": "{holder} has no key of {role}; known: {known}",
    "key-of-role-needed": "{role} is signed with the key of: {holders}. Give it with --key",
    "key-made": "{file} holds the private key: keep it, and a copy under lock. {public} goes to the office",
    "nothing-staged": "nothing of {role} waits for signatures",
    "nothing-to-sign": "nothing waits for the key of {holder}",
    "signature-of-another": "{file} is not the {role} that waits here; send the one of staging again",
    "signatures-missing": "{role}: {missing} of {threshold} signatures missing; who may sign: {holders}",
    "all-signed": "{roles}: signed. Next: pole-agent repository publish",
    "file-signed": "{file} is signed; send it back to the office, for pole-agent repository collect",
    "published": "{folder} is written, and holds until {until}; copy it to the web server",
    "rotate-what": "give --out, --new, or both",
    "extra-needed": "{missing} is not installed; install pole-agent[{extra}]",
    "sign-head": "{role}, version {version}, holds until {until}",
    "sign-keys": "  who signs {role}: {threshold} of {holders}",
    "sign-removes": "  without {name}",
    "sign-file": "  {name}: {length} bytes, SHA-256 {sha256}",
    "sign-fields": "  {name}: {fields}",
    "sign-question": "Sign this? [y/N] ",
    "passphrase-prompt": "Passphrase of {file}: ",
    "passphrase-again": "Passphrase again: ",
    "passphrases-differ": "the passphrases differ",
    "calendar-unpublished": "{role}: not published yet; {threshold} of {holders} sign",
    "calendar-ends": "{role}, version {version}, ends on {day}, in {days} days. {what}",
    "calendar-role": "By {due}: repository renew {role}, then {threshold} of {holders} sign, then publish",
    "calendar-office": "By {due}: repository publish, with the key of {holders}",
    "wants-unreadable": (
        "{file} does not say what this pole wants ({error}); sudo systemctl start pole-agent-apply writes it"
    ),
    "no-room-for": "the disk has no room for {target} ({megabytes} MB); make room, the next sync tries again",
    "sync-runs-already": "another sync is running; look again when it is done",
    "sync-new": "new and verified: {names}",
    "sync-nothing-new": "nothing new; what is signed holds until {until}",
    "first-root-missing": (
        "{file} cannot be read; it is root.json of the regency's repository, put there by hand"
    ),
    # a fleet from its table
    "table-unreadable": "cannot be read as a table ({error}); save it as CSV in UTF-8",
    "table-empty": "nothing in it; the first line names the columns, such as {columns}",
    "row-too-long": "{cells} cells in {columns} columns; put quotation marks around a cell with separators",
    "row-twice": (
        "{id} is in line {line} already; each pole has an id of its own, capitals do not tell them apart"
    ),
    "column-unknown": "unknown column",
    "column-unknown-known": "unknown column; known: {known}",
    "column-twice": "this column is there twice",
    "column-missing": "this column is missing",
    "cell-empty": "empty, and needed",
    "template-shape": (
        "pole, mqtt and lamp must be tables, and camera a list of tables, as in config/pole.toml"
    ),
    "camera-without-place": (
        "an address alone; give the whole source (rtsp://…), or write source = "
        '"rtsp://{{camera}}/stream2" into '
        "the template"
    ),
    "fleet-damaged": "fleet.json or poles.json is damaged ({error}); bring it back from your backup",
    "fleet-busy": "another provision works in {folder}; try again when it is done",
    "pole-unknown": "no pole of {folder} has this id",
    "pole-retired": (
        "{id} was retired; give the new pole another id, or bring this one back with --reissue {id}"
    ),
    "reissue-unknown": "not in the table, so nothing can be reissued for it",
    "provision-usage": "write: provision TABLE.csv, provision retire ID, or provision seal NAME --pole ID",
    "broker-needed": "say how poles call the broker: --broker broker.example.go.id",
    "root-needed": "say where root.json of the repository is, without which poles trust no update",
    "repository-needed": "say the address of the repository that this root.json belongs to",
    "provision-progress": "{number} of {total}: {name}",
    "provisioned": "{total} poles: {new} new, {changed} changed, {renewed} with a renewed certificate",
    "seed-next": (
        "Copy {folder}/ID/pole-agent-seed onto the boot partition of the pole's card, then delete "
        "it here: it "
        "holds the pole's keys"
    ),
    "changed-next": (
        "Changed: {ids}. Poles that run get it by pole-agent repository add REPOSITORY full/ID.toml"
    ),
    "renewed-next": (
        "Renewed: {ids}. The new mqtt-cert.pem replaces /etc/pole-agent/credentials/mqtt-cert of "
        "the pole; its key "
        "stays"
    ),
    "broker-next": "The broker's folder has changed: copy {folder} to /etc/mosquitto and reload Mosquitto",
    "absent-next": (
        "{id} is not in the table any more, and keeps its rights until: pole-agent provision retire {id}"
    ),
    "authority-ends": "The authority ends on {until}: make a new fleet folder before that, and new seeds",
    "retired-next": (
        "Retired: {ids}. It counts once {folder} is in /etc/mosquitto and Mosquitto was reloaded"
    ),
    "seal-for-whom": "missing; say whose secret it is",
    "secret-prompt": "Secret {name}: ",
    "secret-name-invalid": "not the name of a credential; use letters, digits, dots, _ and -",
    "secret-too-long": "a secret has at most {most} bytes",
    "seal-key-invalid": "not a key for sealing; it is 64 hexadecimal digits",
    "seal-not-ours": "not sealed for this pole, or damaged",
    "sealed-to": "{file}: only {id} can open it",
}
