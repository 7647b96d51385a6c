/// What is wrong with `maildir_path` or `maildir_user_map`.
struct MaildirSettingError: Error, Equatable, CustomStringConvertible {
    /// What follows the name of the key and a colon.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
