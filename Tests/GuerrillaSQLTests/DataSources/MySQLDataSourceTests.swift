import GuerrillaBackend
import Testing

@testable import GuerrillaSQL

@Suite struct MySQLDataSourceTests {
    @Test func everyPartIsRead() throws {
        let source = try MySQLDataSource(
            "user:p@ss:w/rd?@tcp(db.example.com:3307)/mail?tls=skip-verify&timeout=5s&readTimeout=1500ms"
        )
        #expect(source.user == "user")
        #expect(source.password == Secret("p@ss:w/rd?"))
        #expect(source.address == .tcp(host: "db.example.com", port: 3307))
        #expect(source.database == "mail")
        #expect(source.tls == .unverified)
        #expect(source.connectTimeout == .seconds(5))
        #expect(source.readTimeout == .milliseconds(1_500))
        #expect(source.writeTimeout == nil)
        #expect(source.place == "mysql at db.example.com:3307")
    }

    @Test(
        arguments: [
            ("/mail", MySQLDataSource.Address.tcp(host: "127.0.0.1", port: 3306)),
            ("user@/mail", .tcp(host: "127.0.0.1", port: 3306)),
            ("user@tcp/mail", .tcp(host: "127.0.0.1", port: 3306)),
            ("tcp(db)/mail", .tcp(host: "db", port: 3306)),
            ("tcp([::1]:3308)/mail", .tcp(host: "::1", port: 3308)),
            ("tcp(2001:db8::1)/mail", .tcp(host: "2001:db8::1", port: 3306)),
            ("tcp([2001:db8::1])/mail", .tcp(host: "2001:db8::1", port: 3306)),
            ("u:p@unix(/run/mysqld/mysqld.sock)/mail", .unix(path: "/run/mysqld/mysqld.sock")),
            ("u:p@unix/mail", .unix(path: "/tmp/mysql.sock")),
        ]
    )
    func addresses(text: String, address: MySQLDataSource.Address) throws {
        let source = try MySQLDataSource(text)
        #expect(source.address == address)
        #expect(source.database == "mail")
    }

    @Test func filesMayBeNamedWithPlainSlashes() throws {
        let source = try MySQLDataSource(
            "u:p@tcp(127.0.0.1:3306)/mail?tls=true&tls-ca=/etc/ssl/ca.pem&tls-cert=%2Fa%20b.pem"
        )
        #expect(source.tls == .verified)
        #expect(source.tlsAuthorities == "/etc/ssl/ca.pem")
        #expect(source.tlsCertificate == "/a b.pem")
    }

    @Test func whatGoHandlesIsIgnoredAndTheRestIsAVariable() throws {
        let source = try MySQLDataSource("/mail?parseTime=true&loc=Local&charset=utf8mb4,utf8&max_statement_time=5")
        #expect(source.variables == [MySQLDataSource.Variable(name: "max_statement_time", value: "5")])
    }

    @Test(
        arguments: [
            "mail", "u:secret@tcp(db:99999)/mail", "u:p@tcp(secret@:1)/mail", "u:secret@tcp(db/mail",
            "u:secret@carrier(db)/mail",
            "u:secret@/mail?charset=latin1", "u:secret@/mail?tls=perhaps", "u:secret@/mail?timeout=soon",
            "u:secret@/mail?a-b=1", "u:secret@/mail?timeout", "u:secret@/mail?collation=x;y", "u:secret@/ma%2",
        ]
    )
    func whatIsWrongIsSaidWithoutTheSecret(text: String) {
        let error = #expect(throws: DataSourceError.self) { try MySQLDataSource(text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test func printingShowsNoPassword() throws {
        let source = try MySQLDataSource("u:secret@tcp(db:1)/mail")
        #expect(!"\(source)".contains("secret"))
        #expect(!source.place.contains("secret"))
    }
}
