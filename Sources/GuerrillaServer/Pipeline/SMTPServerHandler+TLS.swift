import GuerrillaMail
import GuerrillaSMTP
import Logging
import NIOCore

extension SMTPServerHandler {
    /// The reply to STARTTLS leaves in clear text, and everything behind it is TLS's. (RFC 3207 § 4)
    ///
    /// All in one go: what arrives later meets the handler that is in front then.
    func startTLS() {
        guard let context = self.context, let tls = self.settings.tls else { return self.closeNow() }
        self.writeReplies(context: context)
        do {
            try tls.provider.addHandler(to: context.channel)
        } catch {
            self.settings.logger.error(
                "TLS could not be started",
                metadata: self.clientMetadata.merging(["error": "\(error)"]) { $1 }
            )
            self.closeNow()
        }
    }

    /// Closes a connection whose handshake came to nothing: there is no clear text to go back to.
    ///
    /// - Returns: False if no handshake was going on.
    func endHandshake(_ reason: String) -> Bool {
        guard self.session.isTLSPending else { return false }
        self.settings.logger.info(
            "TLS handshake failed",
            metadata: self.clientMetadata.merging(["reason": "\(reason)"]) { $1 }
        )
        self.closeNow()
        return true
    }

    /// The handshake is complete, after STARTTLS or at the beginning of the connection.
    func tlsStarted() {
        guard let context = self.context, let tls = self.settings.tls else { return }
        let info = tls.provider.info(of: context.channel)
        self.session.tlsStarted(info)
        self.settings.logger.debug(
            "TLS started",
            metadata: self.clientMetadata.merging(["tls.version": "\(info.version)"]) { $1 }
        )
        self.resume()
    }
}
