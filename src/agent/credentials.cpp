#include "agent/credentials.h"

#include <filesystem>
#include <utility>

#include "base/fd.h"
#include "identity/peer.h"
#include "identity/spiffe.h"

namespace vedette::agent {

namespace {

constexpr std::size_t kMaxChainBytes = 64U << 10U;
constexpr unsigned kPublicFile = 0644;

std::string chain_path(const std::string& folder) {
  return folder + "/device.pem";
}

}  // namespace

Result<Credentials> make_credentials(std::vector<crypto::Certificate> chain, crypto::PrivateKey key,
                                     const std::string& trust_domain, TimePoint now) {
  if (chain.empty()) return refuse("AGT-CERTIFICATE-KEY", "the server issued no certificate");
  VEDETTE_TRY(const crypto::PublicKey certified, chain.front().public_key());
  if (!(certified == key.public_key()))
    return refuse("AGT-CERTIFICATE-KEY", "the certificate is not for this device's key");
  VEDETTE_TRY(const identity::TrustDomain domain, identity::TrustDomain::parse(trust_domain));
  VEDETTE_TRY(const identity::PeerIdentity peer,
              identity::identify_peer(chain.front(), domain, now));
  VEDETTE_TRY(DeviceId device, peer.device());
  return Credentials{std::move(device), std::move(chain), std::move(key)};
}

Result<std::optional<std::string>> load_token(const std::string& path) {
  constexpr std::size_t kMaxTokenBytes = 256;
  if (path.empty() || !std::filesystem::exists(path)) return std::nullopt;
  VEDETTE_TRY(const Bytes octets, read_file(path, kMaxTokenBytes));
  std::string token(as_text(octets));
  while (token.ends_with('\n') || token.ends_with('\r'))
    token.pop_back();
  return token;
}

Result<std::optional<std::vector<crypto::Certificate>>> load_chain(const std::string& folder) {
  if (!std::filesystem::exists(chain_path(folder))) return std::nullopt;
  VEDETTE_TRY(const Bytes pem, read_file(chain_path(folder), kMaxChainBytes));
  VEDETTE_TRY(auto chain, crypto::Certificate::all_from_pem(as_text(pem)));
  return chain;
}

Result<void> save_chain(const std::string& folder, const std::vector<crypto::Certificate>& chain) {
  std::string pem;
  for (const crypto::Certificate& certificate : chain)
    pem += certificate.pem();
  return write_file_atomically(chain_path(folder), as_bytes(pem), kPublicFile);
}

}  // namespace vedette::agent
