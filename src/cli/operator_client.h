// OperatorClient: the command line's connection to a server's operator listener.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "codec/json.h"
#include "platform/keys/key_provider.h"
#include "platform/net/http.h"

namespace vedette::cli {

// `operator.toml` in an operator's folder says where the server listens for operators. The files
// that `vedette-server init` puts beside it are found by their names, which may be set too:
//   host = "127.0.0.1"
//   port = 8445
//   roots = "roots.pem"          # anchors for the server's certificate
//   certificate = "operator.pem"
//   key = "operator.key"         # or a key in a token: "pkcs11:..."
//   passphrase_file = "..."      # what opens the key, for programs; of mode 0400
// An encrypted key is opened by that file, by VEDETTE_OPERATOR_PASSPHRASE, or by whoever sits at
// the terminal.
struct OperatorProfile {
  platform::HttpClientSettings connection;
  std::string folder;
};

// An operator's folder, and what opens the key that its operator.toml names.
struct OperatorFolder {
  OperatorFolder() = default;
  // A folder alone is what most of its users have: implicit.
  OperatorFolder(std::string where, platform::KeyProvider* provider = nullptr)  // NOLINT
      : path(std::move(where)), keys(provider) {}

  std::string path;                       // empty: VEDETTE_OPERATOR
  platform::KeyProvider* keys = nullptr;  // may be null: then only files are read
  const Console* console = nullptr;       // may be null: then nobody is asked for a passphrase
};

// Refuses CLI-OPERATOR when its path is empty and VEDETTE_OPERATOR is not set, or has no
// operator.toml; CONFIG-*; FILE-*; CERT-* and KEY-* of what the folder holds, CLI-PASSPHRASE where
// nobody opens its key, and what the token refuses.
[[nodiscard]] Result<OperatorProfile> load_operator_profile(const OperatorFolder& place);

class OperatorClient {
 public:
  static constexpr std::chrono::seconds kPatience{20};

  // `patience` is how long one request may take, connection and upload included.
  [[nodiscard]] static Result<OperatorClient> open(platform::HttpFactory& http,
                                                   const OperatorFolder& folder,
                                                   std::chrono::seconds patience = kPatience);

  // Refuses NET-*, HTTP-ANSWER and whatever the server refuses.
  [[nodiscard]] Result<codec::Json> get(const std::string& target);
  [[nodiscard]] Result<std::string> get_text(const std::string& target);
  [[nodiscard]] Result<codec::Json> post(const std::string& target, const codec::Json& body);
  [[nodiscard]] Result<codec::Json> put(const std::string& target, const codec::Json& body);
  [[nodiscard]] Result<codec::Json> put_octets(const std::string& target, Bytes body);

 private:
  explicit OperatorClient(std::unique_ptr<platform::HttpClient> client)
      : client_(std::move(client)) {}
  [[nodiscard]] Result<codec::Json> send(const platform::HttpRequest& request);

  std::unique_ptr<platform::HttpClient> client_;
};

}  // namespace vedette::cli
