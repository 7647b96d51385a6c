"""The processor `sql`: a stranger's message, a recipient or a lock is not to stop the others, and what a database may lose is said."""
import json
import os
import re
import time

import pytest

import daemon
import mariadb
import postgres
from smtpwire import eventually
from test_sql import KINDS, database, refused, schema, settings  # noqa: F401 (a fixture)

HONEST = "honest@example.org"
# Each meets an error of the server's: how the table is made to refuse what comes from poison@example.org.
POISONS = {
    "mysql": {
        # ER_NO_PARTITION_FOR_GIVEN_VALUE
        1526: "ALTER TABLE {table} DROP PRIMARY KEY, ADD KEY (mail_id) "
              f"PARTITION BY LIST COLUMNS (return_path) (PARTITION one VALUES IN ('{HONEST}'))",
        # ER_VIEW_CHECK_FAILED
        1369: "RENAME TABLE {table} TO {table}_base; CREATE VIEW {table} AS SELECT * FROM {table}_base "
              "WHERE return_path LIKE 'honest%' WITH CHECK OPTION",
        # ER_SUBQUERY_NO_1_ROW
        1242: "CREATE TRIGGER {table}_t BEFORE INSERT ON {table} FOR EACH ROW "
              "SET NEW.has_attach = (SELECT 1 UNION SELECT IF(NEW.return_path LIKE 'honest%', 1, 2))",
        # ER_DIVISION_BY_ZERO
        1365: "CREATE TRIGGER {table}_t BEFORE INSERT ON {table} FOR EACH ROW "
              "SET NEW.has_attach = 0 / IF(NEW.return_path LIKE 'honest%', 1, 0)",
        # ER_LOCK_WAIT_TIMEOUT, said by a trigger. The client takes each `;` for an end unless it is told otherwise.
        1205: "DELIMITER //\nCREATE TRIGGER {table}_t BEFORE INSERT ON {table} FOR EACH ROW "
              "IF NEW.return_path NOT LIKE 'honest%' THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1205; END IF //",
        # ER_CONSTRAINT_FAILED, which was a row's fault before
        4025: "ALTER TABLE {table} ADD CONSTRAINT c CHECK (return_path LIKE 'honest%')",
    },
    "postgres": {
        # WITH CHECK OPTION
        "44000": "ALTER TABLE {table} RENAME TO {table}_base; CREATE VIEW {table} AS SELECT * FROM {table}_base "
                 "WHERE return_path LIKE 'honest%' WITH CHECK OPTION; GRANT ALL ON {table}, {table}_base TO guerrilla",
        # Row-level security: the same code as for a privilege that is missing
        "42501": "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
                 "CREATE POLICY p ON {table} WITH CHECK (return_path LIKE 'honest%')",
        "21000": "new.has_attach := (SELECT 1 FROM generate_series(1, 2));",
        "38001": "RAISE EXCEPTION USING ERRCODE = '38001';",
        "55P03": "RAISE EXCEPTION USING ERRCODE = '55P03';",
        "0A000": "RAISE EXCEPTION USING ERRCODE = '0A000';",
        "53100": "RAISE EXCEPTION USING ERRCODE = '53100';",
        "40001": "RAISE EXCEPTION USING ERRCODE = '40001';",
        # A deferred constraint: the error comes with the commit
        "23503": "CREATE TABLE {table}_s (path VARCHAR(255) PRIMARY KEY); GRANT ALL ON {table}_s TO guerrilla; "
                 f"INSERT INTO {{table}}_s VALUES ('{HONEST}'); ALTER TABLE {{table}} ADD CONSTRAINT f FOREIGN KEY "
                 "(return_path) REFERENCES {table}_s DEFERRABLE INITIALLY DEFERRED",
        "P0001": "deferred RAISE EXCEPTION 'no';",
    },
}


def prepare(database, table, code):
    """A table that refuses poison with this error."""
    database.create(schema(database.dialect, table))
    text = POISONS[database.dialect][code]
    if text.startswith(("RAISE", "new.", "deferred ")):
        timing = "CONSTRAINT TRIGGER {table}_t AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED" \
            if text.startswith("deferred ") else "TRIGGER {table}_t BEFORE INSERT ON {table}"
        text = ("CREATE FUNCTION {table}_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF new.return_path NOT LIKE 'honest%' THEN " + text.removeprefix("deferred ") + " END IF; RETURN new; END $$; "
                f"CREATE {timing} FOR EACH ROW EXECUTE FUNCTION {{table}}_f()")
    database.query(text.format(table=table))


def test_a_message_that_the_database_refuses_costs_no_other(serve, database, figure):
    """In each round ten honest messages and one that the server answers with an error come at the same moment."""
    for number, code in enumerate(POISONS[database.dialect]):
        table = f"mail{number}"
        prepare(database, table, code)
        running = serve(**settings(database, mail_table=table, gw_save_timeout="20s", max_messages_per_session=1_000))
        wires = [running.session() for _ in range(11)]
        poison, honest = wires[0], wires[1:]
        for round in range(20):
            for wire in wires:
                wire.envelope("poison@example.org" if wire is poison else HONEST)
                wire.send(f"Subject: {round}\r\n\r\nx\r\n".encode())
            for wire in wires:
                wire.send(b".\r\n")
            codes = [wire.reply().code for wire in honest]
            assert codes == [250] * 10, f"{code}, round {round}: {codes}"
            assert poison.reply().code == 451
            poison.expect(250, "RSET")
        for wire in wires:
            wire.quit()
        assert database.query(f"SELECT count(*) FROM {table}") == [["200"]]
        assert not [line for line in running.lines if "is away" in line and code != "53100"]
        assert running.stop() == 0
    figure(f"{database.dialect}: {len(POISONS[database.dialect])} errors of the server's, no honest message refused")


def test_a_recipient_that_cannot_be_compared_costs_no_other(serve, database):
    if database.dialect == "mysql":
        database.create("CREATE TABLE users (address VARCHAR(100) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY);")
        query, stranger = "SELECT 1 FROM users WHERE address = ?", "\U0001f600@example.com"
    else:
        database.create("CREATE TABLE users (address VARCHAR(100) PRIMARY KEY); CREATE TABLE pair (n INT); "
                        "INSERT INTO pair VALUES (1), (2)")
        query = "SELECT 1 FROM users WHERE address = ? AND (:local <> 'stranger' OR 0 < (SELECT n FROM pair))"
        stranger = "stranger@example.com"
        database.query("INSERT INTO users VALUES ('stranger@example.com')")
    database.query("INSERT INTO users VALUES ('user@example.com')")
    running = serve(**settings(database, validate_process="sql", sql_validate=query, gw_val_rcpt_timeout="20s"))
    wires = [running.session() for _ in range(11)]
    for wire in wires:
        wire.expect(250, "MAIL FROM:<s@example.org> SMTPUTF8")
    for _ in range(20):
        for number, wire in enumerate(wires):
            wire.send(f"RCPT TO:<{'user@example.com' if number else stranger}>\r\n".encode())
        assert [wire.reply().code for wire in wires] == [451] + [250] * 10
    for wire in wires:
        wire.close()
    assert not [line for line in running.lines if "is away" in line]


def test_a_table_that_is_gone_is_told_of_once(serve, database):
    """It looks like a fault of each message: nevertheless it is an outage."""
    database.create("CREATE TABLE users (address VARCHAR(100) PRIMARY KEY);")
    database.query("INSERT INTO users VALUES ('user@example.com')")
    running = serve(**settings(database, validate_process="sql", sql_validate="SELECT 1 FROM users WHERE address = ?",
                               gw_val_rcpt_timeout="20s", log_level="debug"))

    def lines(level):
        return [line for line in running.lines if f"level={level} " in line]

    with running.session() as wire:
        wire.expect(250, "MAIL FROM:<s@example.org>")
        database.query("ALTER TABLE users RENAME TO elsewhere")
        for _ in range(10):
            wire.expect(451, "RCPT TO:<user@example.com>")
        database.query("ALTER TABLE elsewhere RENAME TO users")
        eventually(lambda: wire.command("RCPT TO:<user@example.com>").code == 250, "the table back")
        # One that is worth a line is worth only one.
        [line] = lines("error")
        assert re.search(r"at 127.0.0.1:\d+ is away, messages wait at their senders: .*users", line), line
        assert len([line for line in lines("debug") if "Recipient could not be validated" in line]) >= 10
        eventually(lambda: wire.command("RCPT TO:<user@example.com>").code == 250 and lines("notice"), "a line that it is over")
        assert re.search(r"is back after \d+ s; \d\d+ messages and recipients were told to come again", lines("notice")[-1])
        wire.quit()


def lock(database):
    if database.dialect == "mysql":
        return database.holding("SELECT COUNT(*) FROM mail FOR UPDATE")
    return database.holding("LOCK TABLE mail IN ACCESS EXCLUSIVE MODE")


def test_connections_do_not_pile_up_behind_a_lock(serve, database, figure):
    running = serve(**settings(database, gw_save_timeout="4s", save_workers_size=2, max_messages_per_session=100_000))
    wires = [running.session() for _ in range(4)]
    wires[0].deliver(b"Subject: first\r\n\r\nx\r\n")
    most = refusals = 0
    with lock(database):
        end = time.monotonic() + 8
        while time.monotonic() < end:
            for wire in wires:
                wire.envelope()
                wire.send(b"Subject: waits\r\n\r\nx\r\n.\r\n")
            most = max(most, len(database.connections()))
            for wire in wires:
                assert wire.reply().code == 451
                refusals += 1
            most = max(most, len(database.connections()))
    figure(f"{database.dialect}: {refusals} messages refused behind a lock, {most} connections in the database")
    assert most <= 3, "connections that were given up stay in the database"
    with running.session() as wire:
        wire.envelope()
        wire.send(b"Subject: last\r\n\r\nx\r\n.\r\n")

        def is_taken():
            if wire.reply().code == 250:
                return True
            wire.envelope()
            wire.send(b"Subject: last\r\n\r\nx\r\n.\r\n")
            return False

        eventually(is_taken, "a message taken again")
        wire.quit()
    # What was answered 451 is not there.
    assert {subject for [subject] in database.mail("subject")} == {"first", "last"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_commit_that_waits_for_a_replica_is_ended(serve, need, directory, kind):
    """There no time limit of the server's holds: the daemon asks it to end the connection that was given up."""
    module, server = KINDS[kind]
    need(module.reason)
    place = os.path.join(directory, "database")
    os.mkdir(place)
    os.chmod(place, 0o755)
    options = [f"--log-bin={place}/binary", "--server-id=1"] if kind == "mariadb" else []
    with server(place, *options) as database:
        database.create(schema(database.dialect))
        running = serve(**settings(database, gw_save_timeout="4s"))
        with running.session() as wire:
            wire.deliver(b"Subject: first\r\n\r\nx\r\n")
            if kind == "mariadb":
                database.query("SET GLOBAL rpl_semi_sync_master_timeout = 3600000; SET GLOBAL rpl_semi_sync_master_enabled = ON")
                waits = "Waiting for semi-sync"
            else:
                database.configure("synchronous_standby_names", "nobody")
                waits = "SyncRep"

            def waiting():
                return [state for state, _ in database.connections() if state.startswith(waits)]

            wire.envelope()
            wire.send(b"Subject: second\r\n\r\nx\r\n.\r\n")
            eventually(waiting, "a commit that waits")
            assert wire.reply().code == 451
            running.wait_for_line("it is unknown whether the store has committed")
            eventually(lambda: not waiting(), "the end of what was given up")
            if kind == "mariadb":
                database.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF")
            else:
                database.query("ALTER SYSTEM RESET synchronous_standby_names")
                database.query("SELECT pg_reload_conf()")
            wire.close()


def check(directory, database, **changes):
    path = os.path.join(directory, "check.json")
    with open(path, "w") as file:
        json.dump(daemon.configuration(directory, **settings(database, **changes)), file)
    return daemon.run("check", "--connect", "--config", path, cwd=directory)


def only(kind):
    """A database of this kind alone, for what the other does not have."""
    module, server = KINDS[kind]

    @pytest.fixture
    def fixture(need, directory):
        need(module.reason)
        place = os.path.join(directory, "database")
        os.mkdir(place)
        os.chmod(place, 0o755)
        with server(place) as running:
            running.create(schema(running.dialect))
            yield running

    return fixture


maria = only("mariadb")
pg = only("postgres")


def test_an_engine_without_transactions_is_refused(serve, directory, maria):
    for engine in ("MyISAM", "Aria", "MEMORY"):
        if engine == "MEMORY":
            maria.query("ALTER TABLE mail MODIFY mail VARBINARY(2000) NOT NULL, MODIFY body VARCHAR(16) NOT NULL")
        maria.query(f"ALTER TABLE mail ENGINE={engine}")
        text = refused(directory, daemon.configuration(directory, **settings(maria)), f"the engine {engine}")
        assert "ALTER TABLE `mail` ENGINE=InnoDB" in text
    maria.query("ALTER TABLE mail ENGINE=InnoDB")
    # Changed under the running daemon, it is found out by the first message that fails.
    running = serve(**settings(maria))
    maria.query("ALTER TABLE mail ENGINE=Aria, ADD CONSTRAINT c CHECK (recipient <> 'two@example.com')")
    with running.session() as wire:
        for _ in range(3):
            wire.envelope(recipients=["one@example.com", "two@example.com"])
            wire.send(b"x\r\n.\r\n")
            wire.expect(451)
            running.wait_for_line("it is unknown whether the store has committed: the table mail has the engine Aria")
        running.wait_for_line("is away, messages wait at their senders: .*ENGINE=InnoDB")
        assert maria.query("SELECT count(*) FROM mail") == [["1"]]
        maria.query("ALTER TABLE mail ENGINE=InnoDB")

        def is_taken():
            wire.envelope(recipients=["one@example.com"])
            wire.send(b"x\r\n.\r\n")
            return wire.reply().code == 250

        eventually(is_taken, "a message taken again")
        wire.quit()


def test_a_log_table_without_transactions_is_no_outage(serve, maria):
    """A trigger may write to one: the rows themselves are undone."""
    maria.query("CREATE TABLE audit (n INT) ENGINE=MyISAM; "
                "CREATE TRIGGER t AFTER INSERT ON mail FOR EACH ROW INSERT INTO audit VALUES (1); "
                "ALTER TABLE mail ADD CONSTRAINT c CHECK (recipient <> 'two@example.com')")
    running = serve(**settings(maria))
    with running.session() as wire:
        for _ in range(3):
            wire.envelope(recipients=["one@example.com", "two@example.com"])
            wire.send(b"x\r\n.\r\n")
            wire.expect(451)
            wire.deliver(b"x\r\n", recipients=["one@example.com"])
        wire.quit()
    assert maria.query("SELECT count(*) FROM mail") == [["3"]]
    assert not [line for line in running.lines if "unknown whether" in line or "is away" in line]


def warned(serve, directory, database, *patterns):
    """`check --connect` and the start say so, and nothing else."""
    result = check(directory, database)
    assert result.returncode == 0, result.stdout
    told = re.findall(rb"(?m)^warning: (\w+ at 127\.0\.0\.1:\d+: .*)$", result.stdout)
    assert len(told) == len(patterns), result.stdout
    running = serve(**settings(database))
    for pattern, line in zip(patterns, told):
        assert re.search(pattern.encode(), line), line
        running.wait_for_line(f"level=warning .*{pattern}")
    running.end()


def test_what_a_power_cut_would_take_is_said_mariadb(serve, directory, maria):
    warned(serve, directory, maria)
    maria.query("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    warned(serve, directory, maria, "innodb_flush_log_at_trx_commit is 2: .*set it to 1")
    maria.query("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    maria.end()
    maria.options += [f"--log-bin={maria.directory}/binary", "--server-id=1", "--sync-binlog=0"]
    maria.start()
    warned(serve, directory, maria, "sync_binlog is 0, .*set it to 1")
    maria.query("SET GLOBAL sync_binlog = 1")
    warned(serve, directory, maria)


def test_what_a_power_cut_would_take_is_said_postgres(serve, directory, pg):
    warned(serve, directory, pg)
    pg.query("ALTER TABLE mail SET UNLOGGED")
    warned(serve, directory, pg, 'the table mail is UNLOGGED: .*SET LOGGED')
    pg.query("ALTER TABLE mail SET LOGGED")
    pg.configure("fsync", "off")
    warned(serve, directory, pg, "fsync is off")


def test_commits_are_synced_whatever_is_set_for_the_user(serve, pg):
    """Switched off for all that the user does, it is switched on for mail; the trigger writes down what holds."""
    pg.query("ALTER ROLE guerrilla SET synchronous_commit = off; ALTER ROLE guerrilla SET lock_timeout = '77ms'; "
             "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.content_type := "
             "concat_ws(' ', current_setting('synchronous_commit'), current_setting('lock_timeout'), "
             "current_setting('statement_timeout'), current_setting('client_connection_check_interval')); RETURN new; END $$; "
             "CREATE TRIGGER t BEFORE INSERT ON mail FOR EACH ROW EXECUTE FUNCTION f()")
    running = serve(**settings(pg, gw_save_timeout="8s"))
    with running.session() as wire:
        wire.deliver(b"x\r\n")
        wire.quit()
    assert pg.mail("content_type") == [["local 77ms 1s 1s"]]


def test_a_privilege_that_is_missing_is_found_at_the_start(directory, pg):
    pg.query("REASSIGN OWNED BY guerrilla TO postgres; GRANT SELECT ON mail TO guerrilla")
    refused(directory, daemon.configuration(directory, **settings(pg)), "permission denied for table mail")


def test_a_database_that_is_away_is_one_line(serve, database):
    running = serve(**settings(database))

    def send(wire):
        wire.envelope()
        wire.send(b"x\r\n.\r\n")
        return wire.reply().code

    with running.session() as wire:
        assert send(wire) == 250
        database.end()
        assert [send(wire) for _ in range(20)] == [451] * 20
        database.start()
        eventually(lambda: send(wire) == 250, "a message taken again")
        eventually(lambda: send(wire) == 250 and any("is back after" in line for line in running.lines), "a line that it is over")
        wire.quit()
    told = [line for line in running.lines if re.search("level=(error|notice) ", line)]
    assert len(told) == 2, told
    assert "is away, messages wait at their senders: " in told[0]
    assert re.search(r"is back after \d+ s; \d\d+ messages and recipients were told to come again", told[1])
    # Each message has its one line, as ever.
    assert len([line for line in running.lines if "smtp.verdict=deferred" in line]) >= 20
    assert not [line for line in running.lines if "smtp.verdict=failed" in line]
