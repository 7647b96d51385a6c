/// A data source name that cannot be used.
package struct DataSourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong. It shows nothing of the name but the names of parameters.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
