/// Named values of the configuration in the order of the file, such as `backend_config`.
///
/// Two objects are equal when they hold the same keys with the same values; the order is for messages and for printing only.
///
/// Printing an object, or anything that contains one, shows the keys without the values: among them are passwords and
/// data source names, and an object does not know which.
public struct ConfigurationObject: Sendable, ExpressibleByDictionaryLiteral {
    /// The keys, in the order of the file.
    public private(set) var keys: [String] = []
    private var values: [String: ConfigurationValue] = [:]

    /// Makes an empty object.
    public init() {}

    /// Makes an object of keys and values. The last of several equal keys counts.
    public init(_ members: some Sequence<(String, ConfigurationValue)>) {
        for (key, value) in members {
            self[key] = value
        }
    }

    /// Makes an object of keys and values. The last of several equal keys counts.
    public init(dictionaryLiteral elements: (String, ConfigurationValue)...) {
        self.init(elements)
    }

    /// Whether there are no keys.
    public var isEmpty: Bool {
        keys.isEmpty
    }

    /// The value of a key, nil when it is not set. Key names are case-sensitive. Setting nil removes the key.
    public subscript(key: String) -> ConfigurationValue? {
        get { values[key] }
        set {
            guard let newValue else {
                if values.removeValue(forKey: key) != nil {
                    keys.removeAll { $0 == key }
                }
                return
            }
            if values.updateValue(newValue, forKey: key) == nil {
                keys.append(key)
            }
        }
    }
}

extension ConfigurationObject: Equatable {
    /// Equal when the members are, in whatever order.
    public static func == (left: Self, right: Self) -> Bool {
        left.values == right.values
    }
}

extension ConfigurationObject: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The keys without their values, because values may be secret.
    public var description: String {
        "{" + keys.joined(separator: ", ") + "}"
    }

    /// The same as ``description``.
    public var debugDescription: String {
        description
    }

    /// The keys without their values, so that `dump` shows no secret either.
    public var customMirror: Mirror {
        Mirror(self, children: ["keys": keys])
    }
}
