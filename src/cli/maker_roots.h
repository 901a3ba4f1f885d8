// The authorities of TPM makers, as an operator brings them to admit their TPMs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/cli.h"
#include "crypto/certificate.h"

namespace vedette::cli {

inline constexpr std::size_t kMostMakerCertificates = 256;

// The certificates in a file (PEM, as many as there are, or one in DER), or in every file of a
// folder that is named *.pem, *.crt, *.cer or *.der, in the order of their names; each once.
// Refuses CLI-ROOT for a certificate that is no authority's and for a folder without any, naming
// the file; CERT-SYNTAX; FILE-*.
[[nodiscard]] Result<std::vector<crypto::Certificate>> read_maker_roots(const std::string& path);

struct MakerAdmission {
  std::string group;
  std::string path;
  std::optional<std::string> sku;
  bool sha1_signature = false;  // see crypto::EndorsementTolerance
  bool expired = false;
  std::vector<std::string> keys;  // see cli/device_keys.h
};

// Everything but `path`, which each command names in its own way.
void add_admission_options(CLI::App& verb, MakerAdmission& admission);

// Which authorities the server knows, in which groups.
[[nodiscard]] Result<void> list_makers(Environment& environment);

struct MakerDismissal {
  std::string sha256;  // of the certificate, 64 hexadecimal digits
  std::string group;
};

// Has the server forget one authority in one group. Refuses HEX-SYNTAX and NAME-FORMAT, and what
// the server refuses.
[[nodiscard]] Result<void> dismiss_maker(Environment& environment, const MakerDismissal& dismissal);

// Has the server admit every TPM that these authorities vouch for, all or none.
[[nodiscard]] Result<void> admit_makers(Environment& environment, const MakerAdmission& admission);

}  // namespace vedette::cli
