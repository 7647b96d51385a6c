public import GuerrillaBackend

/// One value of a configuration file together with where it stands, so that every message can name a line.
public struct ConfigurationNode: Sendable, Equatable {
    /// A place in the file. Both numbers count from 1; the column counts characters.
    public struct Position: Sendable, Hashable {
        /// The line.
        public var line: Int
        /// The column.
        public var column: Int

        /// Makes a position.
        public init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }
    }

    /// A key with its value.
    public struct Member: Sendable, Equatable {
        /// The key, as written.
        public var key: String
        /// Where the key stands.
        public var keyPosition: Position
        /// The value.
        public var node: ConfigurationNode
    }

    /// What the value is. An object keeps its members in order, keys that are set twice included.
    public indirect enum Content: Sendable, Equatable {
        /// `null`, a boolean, a number or a string.
        case scalar(ConfigurationValue)
        /// A list.
        case array([ConfigurationNode])
        /// An object.
        case object([Member])
    }

    /// Where the value begins.
    public var position: Position

    /// What it is.
    public var content: Content

    /// Makes a node.
    public init(position: Position, content: Content) {
        self.position = position
        self.content = content
    }

    /// The value without positions. Of a key that is set twice, the last one counts, as in go-guerrilla.
    public var value: ConfigurationValue {
        switch content {
        case .scalar(let value): value
        case .array(let elements): .array(elements.map(\.value))
        case .object(let members): .object(ConfigurationObject(members.map { ($0.key, $0.node.value) }))
        }
    }
}
