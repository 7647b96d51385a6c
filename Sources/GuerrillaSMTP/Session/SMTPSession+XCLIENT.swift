import GuerrillaMail

/// Whether a peer may say that it speaks for somebody else.
package enum XCLIENTAccess: Sendable, Equatable {
    /// The command does not exist.
    case off
    /// It exists, but not for this peer.
    case refused
    /// The peer is a front end that is trusted. It stays one whatever client it speaks for.
    case allowed
}

extension SMTPSession {
    /// Who may not use the command learns nothing about its syntax.
    mutating func refusalOfXCLIENT() -> SMTPAction? {
        switch self.xclient {
        case .off: self.refuseBadCommand(.unrecognizedCommand)
        case .refused: self.refuseBadCommand(.xclientNotAuthorized)
        case .allowed: nil
        }
    }

    /// XCLIENT (<https://www.postfix.org/XCLIENT_README.html>)
    mutating func xclient(_ argument: Span<UInt8>) -> SMTPAction {
        guard self.transaction == nil else { return self.refuseBadCommand(.xclientInTransaction) }
        let attributes: XCLIENTAttributes
        do throws(XCLIENTAttributes.ParsingError) {
            attributes = try XCLIENTAttributes(argument)
        } catch {
            switch error {
            case .syntax: return self.refuseBadCommand(.xclientSyntax)
            case .badAttribute(let name): return self.refuseBadCommand(.badXCLIENTAttribute(name))
            }
        }
        return self.beginAnew(with: attributes.applied(to: self.client))
    }
}
