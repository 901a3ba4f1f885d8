// RegisterTpm: a TPM that has one register, and fails or is interfered with when a test wants it.
#pragma once

#include <functional>
#include <optional>

#include "platform/tpm/tpm.h"

namespace vedette::testing {

class RegisterTpm final : public platform::Tpm {
 public:
  crypto::BankDigest value;
  std::optional<crypto::BankDigest> value_384;  // none: it keeps the SHA-256 bank alone
  int extensions = 0;
  bool unreachable = false;
  bool loses_the_answer = false;  // extends, and says that it did not
  std::function<void()> before_extension = [] {};
  std::function<void()> after_extension = [] {};

  Result<std::vector<crypto::BankDigest>> read_register(std::uint8_t /*pcr*/) override {
    if (unreachable) return no();
    std::vector values{value};
    if (value_384) values.push_back(*value_384);
    return values;
  }
  Result<void> extend(std::uint8_t /*pcr*/,
                      const std::vector<crypto::BankDigest>& digests) override {
    before_extension();
    if (unreachable) return no();
    for (const crypto::BankDigest& digest : digests) {
      if (digest.bank() == value.bank()) value = value.extended(digest);
      if (value_384 && digest.bank() == value_384->bank()) value_384 = value_384->extended(digest);
    }
    ++extensions;
    after_extension();
    if (loses_the_answer) return no();
    return {};
  }

  Result<codec::TpmClockInfo> read_clock() override { return no(); }
  Result<Bytes> endorsement_key() override { return no(); }
  Result<std::optional<Bytes>> endorsement_certificate() override { return no(); }
  Result<Bytes> attestation_key() override { return no(); }
  Result<Bytes> device_key() override { return no(); }
  Result<std::shared_ptr<crypto::DigestSigner>> device_key_signer() override { return no(); }
  Result<SecretBytes> activate_credential(ByteView /*blob*/, ByteView /*secret*/) override {
    return no();
  }
  Result<platform::TpmCertification> certify_device_key(ByteView /*data*/) override { return no(); }
  Result<platform::TpmQuote> quote(const codec::TpmPcrSelection& selection,
                                   ByteView data) override {
    selected.push_back(selection);
    quoted.push_back(to_bytes(data));
    return platform::TpmQuote{
        .attest = Bytes{1}, .signature = Bytes{2}, .pcr_values = {to_bytes(value.octets())}};
  }

  Result<std::optional<crypto::Sha256Digest>> read_ratchet() override {
    if (unreachable) return no();
    return ratchet;
  }
  Result<void> make_ratchet(ByteView authorization) override {
    if (unreachable || ratchet) return no();
    ratchet = crypto::Sha256Digest{};
    ratchet_authorization = to_bytes(authorization);
    return {};
  }
  Result<void> extend_ratchet(ByteView authorization, const crypto::Sha256Digest& digest) override {
    if (unreachable || !ratchet) return no();
    if (!equal(authorization, ratchet_authorization))
      return refuse("TPM-NV-AUTHORIZATION", "another authorization");
    before_ratchet();
    if (unreachable) return no();
    Bytes both = to_bytes(*ratchet);
    append(both, digest);
    ratchet = crypto::sha256(both);
    after_ratchet();
    if (unreachable || loses_the_answer) return no();
    return {};
  }
  Result<void> insecure_remove_ratchet() override {
    ratchet.reset();
    return {};
  }

  std::optional<crypto::Sha256Digest> ratchet;
  Bytes ratchet_authorization;
  std::function<void()> before_ratchet = [] {};  // moves
  std::function<void()> after_ratchet = [] {};   // moved

  std::vector<codec::TpmPcrSelection> selected;  // of each quote
  std::vector<Bytes> quoted;                     // the qualifying data of each quote

 private:
  static std::unexpected<Error> no() {
    return refuse("TPM-UNREACHABLE", "the TPM does not answer");
  }
};

}  // namespace vedette::testing
