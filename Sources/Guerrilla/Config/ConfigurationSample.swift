/// Configurations to begin with.
public enum ConfigurationSample {
    /// go-guerrilla's sample, as it stands in `goguerrilla.conf.sample`.
    public static let text = #"""
        {
            "log_file": "stderr",
            "log_level": "info",
            "allowed_hosts": [
                "guerrillamail.com",
                "guerrillamailblock.com",
                "sharklasers.com",
                "guerrillamail.net",
                "guerrillamail.org"
            ],
            "pid_file": "/var/run/go-guerrilla.pid",
            "backend_config": {
                "log_received_mails": true,
                "save_workers_size": 1,
                "save_process": "HeadersParser|Header|Debugger",
                "primary_mail_host": "mail.example.com",
                "gw_save_timeout": "30s",
                "gw_val_rcpt_timeout": "3s"
            },
            "servers": [
                {
                    "is_enabled": true,
                    "host_name": "mail.test.com",
                    "max_size": 1000000,
                    "timeout": 180,
                    "listen_interface": "127.0.0.1:2525",
                    "max_clients": 1000,
                    "tls": {
                        "start_tls_on": false,
                        "tls_always_on": false,
                        "private_key_file": "/path/to/pem/file/test.com.key",
                        "public_key_file": "/path/to/pem/file/test.com.crt"
                    }
                },
                {
                    "is_enabled": false,
                    "host_name": "mail.test.com",
                    "max_size": 1000000,
                    "timeout": 180,
                    "listen_interface": "127.0.0.1:4465",
                    "max_clients": 500,
                    "tls": {
                        "start_tls_on": false,
                        "tls_always_on": true,
                        "private_key_file": "/path/to/pem/file/test.com.key",
                        "public_key_file": "/path/to/pem/file/test.com.crt"
                    }
                }
            ]
        }

        """#

    /// Every key there is, at its default, with this machine's name where that is the default.
    public static func everyKey() -> String {
        let loader = ConfigurationLoader()
        return loader.list("{}".utf8, source: .text).listing?.json() ?? ""
    }
}
