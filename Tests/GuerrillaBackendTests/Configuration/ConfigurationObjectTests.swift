import GuerrillaBackend
import Testing

struct ConfigurationObjectTests {
    @Test func keepsTheOrderOfItsKeys() {
        var object: ConfigurationObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["b"] = 4
        #expect(object.keys == ["b", "a", "c"])
        #expect(object["b"] == 4)
    }

    @Test func settingNilRemovesAKey() {
        var object: ConfigurationObject = ["b": 1, "a": 2]
        object["b"] = nil
        object["missing"] = nil
        #expect(object.keys == ["a"])
        #expect(object["b"] == nil)
        #expect(!object.isEmpty)
    }

    @Test func equalityDoesNotLookAtTheOrder() {
        let left: ConfigurationObject = ["a": 1, "b": [true, "x"]]
        let right: ConfigurationObject = ["b": [true, "x"], "a": 1]
        let other: ConfigurationObject = ["b": [false, "x"], "a": 1]
        #expect(left == right)
        #expect(left != other)
    }

    @Test func keysAreCaseSensitive() {
        let object: ConfigurationObject = ["sqlite_path": "x"]
        #expect(object["SQLITE_PATH"] == nil)
    }
}
