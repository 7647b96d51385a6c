import GuerrillaTestSupport
import Testing

@testable import Guerrilla

struct FileConflictsTests {
    private let directory = TemporaryDirectory()

    private func problems(_ members: String, source: String? = nil) -> [String] {
        let text = members.replacing("DIR", with: self.directory.path)
        let loader = ConfigurationLoader(hostName: "host.test")
        let file = source.map { self.directory.path($0) } ?? "test.conf"
        return loader.load("{\(text)}".utf8, source: .file(file)).problems.map {
            "\($0)".replacing(self.directory.path, with: "DIR")
        }
    }

    private let sqlite = #""backend_config":{"save_process":"sqlite","sqlite_path":"DIR/mail.db"}"#

    @Test func filesOfTheirOwnAreFine() {
        let members = #""pid_file":"DIR/pid","log_file":"DIR/log",\#(self.sqlite)"#
        #expect(self.problems(members, source: "conf").isEmpty)
    }

    @Test(arguments: ["DIR/mail.db", "DIR/./mail.db", "DIR//mail.db", "DIR/../DIR_NAME/mail.db"])
    func pidFileThatIsTheStores(_ path: String) throws {
        let name = self.directory.path.split(separator: "/").last.map(String.init) ?? ""
        let path = path.replacing("DIR_NAME", with: name)
        for _ in 1...2 {  // Before there is a file, and then.
            #expect(
                self.problems(#""pid_file":"\#(path)",\#(self.sqlite)"#) == [
                    "pid_file: \(path) is the same file as backend_config.sqlite_path; each needs a file of its own"
                ]
            )
            try self.directory.write("", to: "mail.db")
        }
    }

    @Test func directoryThatIsNotThere() {
        let missing = self.sqlite.replacing("DIR", with: "DIR/none")
        #expect(self.problems(#""log_file":"DIR/none/x/../mail.db",\#(missing)"#).count == 1)
        #expect(self.problems(#""log_file":"DIR/none/mail.log",\#(missing)"#).isEmpty)
    }

    @Test(arguments: ["-wal", "-shm", "-journal"])
    func filesBesideADatabaseAreItsOwn(_ ending: String) {
        #expect(
            self.problems(#""log_file":"DIR/mail.db\#(ending)",\#(self.sqlite)"#) == [
                "log_file: DIR/mail.db\(ending) is where SQLite keeps a part of the database of backend_config.sqlite_path;"
                    + " each needs a file of its own"
            ]
        )
    }

    @Test func linksAreFollowed() throws {
        try self.directory.write("", to: "mail.db")
        try self.directory.link("log", to: "mail.db")
        try self.directory.link("pid", to: "log")
        let found = self.problems(#""pid_file":"DIR/pid","log_file":"DIR/log",\#(self.sqlite)"#)
        // A log and a pid file cannot be one either.
        #expect(found.map { $0.prefix { $0 != ":" } } == ["pid_file", "pid_file"])
    }

    @Test func logsMayBeShared() {
        let server = #"{"is_enabled":true,"listen_interface":"127.0.0.1:PORT","log_file":"DIR/log"}"#
        let servers = ["2525", "2526"].map { server.replacing("PORT", with: $0) }.joined(separator: ",")
        #expect(self.problems(#""log_file":"DIR/log","servers":[\#(servers)]"#).isEmpty)
        #expect(
            self.problems(#""pid_file":"DIR/log","servers":[\#(servers)]"#) == [
                "pid_file: DIR/log is the same file as servers[0].log_file; each needs a file of its own",
                "pid_file: DIR/log is the same file as servers[1].log_file; each needs a file of its own",
            ]
        )
    }

    @Test func filesThatAreOnlyReadMayBeShared() {
        let tls =
            #""tls":{"start_tls_on":true,"private_key_file":"DIR/pem","public_key_file":"DIR/pem","root_cas_file":"DIR/ca"}"#
        let certificates = #""certificates":[{"private_key_file":"DIR/pem","public_key_file":"DIR/two"}]"#
        let servers =
            #""servers":[{"is_enabled":true,"listen_interface":"127.0.0.1:2525",\#(tls),\#(certificates)}]"#
        #expect(self.problems(servers).isEmpty)
        for (file, key) in [
            ("pem", "tls.private_key_file"), ("ca", "tls.root_cas_file"), ("two", "certificates[0].public_key_file"),
        ] {
            let first = self.problems(#""log_file":"DIR/\#(file)",\#(servers)"#).first
            #expect(
                first
                    == "log_file: DIR/\(file) is the same file as servers[0].\(key); each needs a file of its own"
            )
        }
    }

    @Test func theConfigurationItself() {
        #expect(
            self.problems(#""pid_file":"DIR/conf""#, source: "conf") == [
                "pid_file: DIR/conf is the same file as the configuration; each needs a file of its own"
            ]
        )
    }

    @Test func databaseOfTheDriver() {
        let sql =
            #""save_process":"sql","sql_driver":"sqlite3","sql_dsn":"file:DIR/mail.db?mode=rw","mail_table":"mail""#
        #expect(
            self.problems(#""pid_file":"DIR/mail.db","backend_config":{\#(sql)}"#) == [
                "pid_file: DIR/mail.db is the same file as backend_config.sql_dsn; each needs a file of its own"
            ]
        )
        // Each has tables of its own, and SQLite takes turns.
        let both = sql.replacing(#""sql","#, with: #""sqlite|sql","sqlite_path":"DIR/mail.db","#)
        #expect(self.problems(#""backend_config":{\#(both)}"#).isEmpty)
    }

    @Test func storeThatIsInNoChainIsNotThere() {
        let unused = self.sqlite.replacing(#""save_process":"sqlite""#, with: #""save_process":"Header""#)
        #expect(self.problems(#""pid_file":"DIR/mail.db",\#(unused)"#).isEmpty)
    }

    @Test func terminalsAndTheLikeServeAnyPurpose() {
        #expect(self.problems(#""log_file":"/dev/null","pid_file":"/dev/null""#).isEmpty)
    }
}
