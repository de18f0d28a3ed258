"""The other end of the poles: a city that stores every event, proves that none is missing, and shows what is
open. An outside program: it knows the poles by their contract over MQTT only (docs/mqtt.md).

The way of an event, room by room:

- `link` hears it from the broker, and acknowledges it when it is stored.
- `reading` turns bytes into an `Event`, or says why they are none. Everything from outside is hostile.
- `books` knows which numbers of a store came, and which are missing; `asking` decides when to ask again.
- `folding` turns events into incidents and drone requests.
- `store` is the one interface of the database; `sqlite` and `postgres` are behind it, with one `schema.sql`.
- `writer` is the loop that does all this: store, then acknowledge.
- `board` (later files) shows what is in the database, and never waits for the writer.

Pure: reading, books, asking, folding.
"""
