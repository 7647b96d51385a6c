import GuerrillaBackend
import Testing

struct SecretTests {
    private struct Holder {
        var secret = Secret("hunter2")
        var values: ConfigurationObject = ["sql_dsn": "hunter2", "nested": ["password": "hunter2"]]
        var configuration = ProcessorConfiguration(values: ["sql_dsn": "hunter2"])
    }

    @Test func secretsAndValuesAreNeverPrinted() {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        let texts = ["\(holder)", String(reflecting: holder), "\(holder.secret)", dumped, "\([holder.secret])"]
        for text in texts {
            #expect(!text.contains("hunter2"), "\(text)")
        }
        #expect("\(holder.secret)" == "<redacted>")
        #expect("\(holder.values)" == "{sql_dsn, nested}")
    }

    @Test func secretsAreRevealedOnDemand() {
        #expect(Secret("hunter2").reveal() == "hunter2")
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
    }
}
