"""The other end of the poles: a city that stores every event, proves that none is missing, and shows what is
open. An outside program: it knows the poles by their contract over MQTT only (docs/mqtt.md).

The way of an event, room by room:

- `link` hears it from the broker, and acknowledges it when it is stored.
- `reading` turns bytes into an `Event`, or says why they are none. Everything from outside is hostile.
- `books` knows which numbers of a store came, and which are missing; `asking` decides when to ask again.
- `folding` turns events into incidents and drone requests.
- `store` is the one interface of the database; `sqlite` and `postgres` are behind it, with one `schema.sql`.
- `writer` is the loop that does all this: store, then acknowledge.

What people see never waits for the writer; both know each other by the database only:

- `view` copies what is now; `presence` ages the poles' last signs of life.
- `desk` makes rows of alarms and says who is called when; `duty` does it, each second.
- `orders` carries decisions and verdicts to the poles, and their answers back.
- `people` knows who may; `board` serves it all to browsers (`static/`), `acts` is what they ask, `visit` how.

`retention` says what ends when, `archive` is backup and restore, `dataset` what others may have.
`services` starts everything, `cluster` a PostgreSQL of its own; `settings` reads `city.toml`.

- `shown` is what browsers may get of what poles said.

Pure: reading, books, asking, folding, presence, desk, shown.
"""
