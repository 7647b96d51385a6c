import GuerrillaMail
import GuerrillaTesting
import Testing

@testable import GuerrillaSQL

@Suite struct InsertStatementTests {
    private let table = SQLName("guerrilla.mail")

    @Test func theBuiltInOneHasSeventeenColumnsAndFourteenValues() throws {
        let insert = try InsertStatement(table: #require(self.table), dialect: .mysql)
        #expect(
            insert.single
                == "INSERT INTO `guerrilla`.`mail` (`date`, `to`, `from`, `subject`, `body`, `mail`, `spam_score`, `hash`, "
                + "`content_type`, `recipient`, `has_attach`, `ip_addr`, `return_path`, `is_tls`, `message_id`, "
                + "`reply_to`, `sender`) VALUES (NOW(), ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)"
        )
        #expect(insert.isRepeatable)
        #expect(insert.text(rows: 2).hasSuffix("?), (NOW(), ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)"))
    }

    @Test func postgresCountsItsPlaceholders() throws {
        let insert = try InsertStatement(table: #require(self.table), dialect: .postgres)
        #expect(insert.single.hasSuffix("(NOW(), $1, $2, $3, $4, $5, 0, $6, $7, $8, 0, $9, $10, $11, $12, $13, $14)"))
        #expect(insert.single.hasPrefix(#"INSERT INTO "guerrilla"."mail" ("date", "to""#))
    }

    @Test func headAndValuesCanBeReplaced() throws {
        let group = "('?', \(Array(repeating: "?", count: 14).joined(separator: ","))) -- why"
        let insert = try InsertStatement(
            table: #require(self.table),
            head: "REPLACE INTO m VALUES",
            values: group,
            dialect: .mysql
        )
        #expect(insert.single == "REPLACE INTO m VALUES " + group)
        #expect(!insert.isRepeatable)
    }

    @Test func aWrongNumberOfPlaceholdersIsRefused() throws {
        let table = try #require(self.table)
        #expect(throws: InsertStatement.Unusable.self) {
            try InsertStatement(table: table, values: "(?, ?)", dialect: .mysql)
        }
        _ = try InsertStatement(table: table, values: "($1, $2)", dialect: .postgres)
    }

    @Test(arguments: ["", ".", "a.b.c", "a`b", "a\"b", "a b", "a;b", "mäil", String(repeating: "a", count: 64)])
    func namesThatCouldEndTheirQuotesAreRefused(name: String) {
        #expect(SQLName(name) == nil)
    }

    @Test(arguments: SQLDialect.allCases)
    func theSchemaHasEveryColumn(dialect: SQLDialect) throws {
        let text = MailTableSchema.statements(table: try #require(self.table), dialect: dialect)
        for column in MailRow.columns + ["mail_id", "date", "spam_score", "has_attach"] {
            #expect(text.contains(dialect.quoted(column)))
        }
    }
}

@Suite struct RecipientQueryTests {
    @Test func placeholdersOutsideOfStringsCount() throws {
        let query = try #require(
            RecipientQuery(
                "SELECT 1 FROM u WHERE a = ? AND l = :local AND d = :domain AND x = '?:local' AND y::text = :address"
            )
        )
        #expect(
            query.text(for: .postgres)
                == "SELECT 1 FROM u WHERE a = $1 AND l = $2 AND d = $3 AND x = '?:local' AND y::text = $4"
        )
        let mailbox = try #require(try Envelope.testing(to: ["A.b@Example.com"]).recipients[0].path.mailbox)
        #expect(query.values(for: mailbox) == ["A.b@Example.com", "A.b", "Example.com", "A.b@Example.com"])
    }

    @Test(arguments: ["", "SELECT 1", "SELECT '?'", "SELECT :other", "SELECT '?", ":", "?x'"])
    func aQueryThatAsksForNobodyIsNone(text: String) {
        #expect((RecipientQuery(text) == nil) == (text != "?x'"))
    }
}
