"""Counts by DuckDB over one Parquet file, of the table that bench/filters.mjs makes by the same formulas."""

from protocol import answer, clock, state

languages = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv"]


def mixed(factor):
    return f"(((i * {factor}) % 4294967296) // 4096)"


@answer
def duckdb_open(file, rows, threads):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    # Its own metadata of the file is read once, as ours is.
    connection.execute("SET parquet_metadata_cache = true")
    named = ", ".join(f"'{each}'" for each in languages)
    connection.execute(
        f"""
        COPY (
          SELECT
            i AS number,
            1950 + {mixed(2654435761)} % 75 AS year,
            {mixed(2246822519)} % 5000 AS size,
            {mixed(3266489917)} / 1048576::DOUBLE AS score,
            i / 3::DOUBLE AS ratio,
            [{named}][{mixed(668265263)} % 10 + 1] AS lang,
            'user-' || ((i * 7919) % {rows}) AS name,
            {mixed(374761393)} % 2 = 0 AS flag,
            CASE WHEN {mixed(1597334677)} % 10 = 0 THEN NULL ELSE i % 100 END AS sparse,
            make_timestamptz((1700000000000 + i * 1000) * 1000) AS made
          FROM range({rows}) AS made(i)
        ) TO '{file}' (FORMAT parquet)
        """
    )
    state["duckdb"], state["parquet"] = connection, file
    return {"version": duckdb.__version__}


@answer
def duckdb_count(filter, times):
    """One call after the other, without a message between them."""
    connection, file = state["duckdb"], state["parquet"]
    query = f"SELECT count(*) FROM '{file}' WHERE {filter}"
    answers = []
    for _ in range(times):
        ms, (count,) = clock(lambda: connection.execute(query).fetchone())
        answers.append({"ms": ms, "count": count})
    return answers
