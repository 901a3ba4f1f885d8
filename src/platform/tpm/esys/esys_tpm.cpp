#include "platform/tpm/esys/esys_tpm.h"

#include <cstdlib>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "platform/tpm/esys/connection.h"
#include "platform/tpm/esys/endorsement.h"
#include "platform/tpm/esys/evidence.h"
#include "platform/tpm/esys/nv_ratchet.h"
#include "platform/tpm/esys/signing_keys.h"

namespace vedette::platform {

namespace {

// What the Tpm and its signers share: one connection, which serves one call at a time, and what is
// loaded through it.
class Session {
 public:
  Session(EsysTpmSettings settings, esys::Connection connection)
      : settings_(std::move(settings)), connection_(std::move(connection)) {}

  // call(context) -> Result<T>, connected and alone. A connection that failed is given up, so that
  // the next call makes a new one.
  template <class Call>
  [[nodiscard]] auto serve(Call call) -> std::invoke_result_t<Call, ESYS_CONTEXT*> {
    const std::lock_guard lock(mutex_);
    VEDETTE_CHECK(connect());
    auto result = call(connection_->context());
    if (!result && result.error().code == "TPM-UNREACHABLE") disconnect();
    return result;
  }

  // call(context, keys) -> Result<T>. A TPM that was power-cycled has forgotten keys that were
  // loaded before: when it refuses their use, they are loaded again, once.
  template <class Call>
  [[nodiscard]] auto serve_with_keys(Call call)
      -> std::invoke_result_t<Call, ESYS_CONTEXT*, const esys::DeviceKeys&> {
    using Answer = std::invoke_result_t<Call, ESYS_CONTEXT*, const esys::DeviceKeys&>;
    return serve([&](ESYS_CONTEXT* context) -> Answer {
      if (keys_) {
        Answer result = call(context, *keys_);
        if (result || result.error().code != "TPM-COMMAND") return result;
        keys_.reset();
      }
      VEDETTE_TRY(keys_, esys::load_or_create_keys(context, settings_.state_folder,
                                                   settings_.attestation_key));
      return call(context, *keys_);
    });
  }

 private:
  [[nodiscard]] Result<void> connect() {
    if (connection_) return {};
    VEDETTE_TRY(connection_, esys::Connection::open(settings_.tcti));
    return {};
  }
  void disconnect() {
    keys_.reset();
    connection_.reset();
  }

  const EsysTpmSettings settings_;
  std::mutex mutex_;  // guards what follows
  std::optional<esys::Connection> connection_;
  std::optional<esys::DeviceKeys> keys_;  // gone before the connection
};

class DeviceKeySigner final : public crypto::DigestSigner {
 public:
  explicit DeviceKeySigner(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Result<crypto::EcdsaSignature> sign_digest(const crypto::Sha256Digest& digest) override {
    return session_->serve_with_keys([&](ESYS_CONTEXT* context, const esys::DeviceKeys& keys) {
      return esys::sign(context, keys.device.handle.get(), digest);
    });
  }

 private:
  std::shared_ptr<Session> session_;
};

class EsysTpm final : public Tpm {
 public:
  explicit EsysTpm(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Result<Bytes> endorsement_key() override {
    return session_->serve([&](ESYS_CONTEXT* context) -> Result<Bytes> {
      VEDETTE_TRY(const auto kind, esys::endorsement_kind(context));
      VEDETTE_TRY(auto key, esys::create_endorsement_key(context, kind));
      return std::move(key.public_area);
    });
  }

  Result<std::optional<Bytes>> endorsement_certificate() override {
    return session_->serve([&](ESYS_CONTEXT* context) -> Result<std::optional<Bytes>> {
      VEDETTE_TRY(const auto kind, esys::endorsement_kind(context));
      return esys::endorsement_certificate(context, kind);
    });
  }

  Result<Bytes> attestation_key() override {
    return session_->serve_with_keys([](ESYS_CONTEXT*, const esys::DeviceKeys& keys) {
      return Result<Bytes>(keys.attestation.public_area);
    });
  }

  Result<Bytes> device_key() override {
    return session_->serve_with_keys([](ESYS_CONTEXT*, const esys::DeviceKeys& keys) {
      return Result<Bytes>(keys.device.public_area);
    });
  }

  Result<std::shared_ptr<crypto::DigestSigner>> device_key_signer() override {
    // A key that cannot be loaded is found out here, not at the first handshake.
    VEDETTE_CHECK(device_key());
    return std::make_shared<DeviceKeySigner>(session_);
  }

  Result<SecretBytes> activate_credential(ByteView credential_blob,
                                          ByteView encrypted_secret) override {
    return session_->serve_with_keys([&](ESYS_CONTEXT* context,
                                         const esys::DeviceKeys& keys) -> Result<SecretBytes> {
      VEDETTE_TRY(const auto kind, esys::endorsement_kind(context));
      VEDETTE_TRY(const auto endorsement, esys::create_endorsement_key(context, kind));
      return esys::activate_credential(context, keys.attestation.handle.get(),
                                       endorsement.handle.get(), credential_blob, encrypted_secret);
    });
  }

  Result<TpmCertification> certify_device_key(ByteView qualifying_data) override {
    return session_->serve_with_keys([&](ESYS_CONTEXT* context, const esys::DeviceKeys& keys) {
      return esys::certify(context, keys.device.handle.get(), keys.attestation.handle.get(),
                           qualifying_data);
    });
  }

  Result<TpmQuote> quote(const codec::TpmPcrSelection& selection,
                         ByteView qualifying_data) override {
    return session_->serve_with_keys([&](ESYS_CONTEXT* context, const esys::DeviceKeys& keys) {
      return esys::quote(context, keys.attestation.handle.get(), selection, qualifying_data);
    });
  }

  Result<codec::TpmClockInfo> read_clock() override {
    return session_->serve([](ESYS_CONTEXT* context) { return esys::read_clock(context); });
  }

  Result<std::vector<crypto::BankDigest>> read_register(std::uint8_t pcr) override {
    return session_->serve(
        [&](ESYS_CONTEXT* context) { return esys::read_register(context, pcr); });
  }

  Result<void> extend(std::uint8_t pcr, const std::vector<crypto::BankDigest>& digests) override {
    return session_->serve(
        [&](ESYS_CONTEXT* context) { return esys::extend(context, pcr, digests); });
  }

  Result<std::optional<crypto::Sha256Digest>> read_ratchet() override {
    return session_->serve([](ESYS_CONTEXT* context) { return esys::read_ratchet(context); });
  }

  Result<void> make_ratchet(ByteView authorization) override {
    return session_->serve(
        [&](ESYS_CONTEXT* context) { return esys::make_ratchet(context, authorization); });
  }

  Result<void> extend_ratchet(ByteView authorization, const crypto::Sha256Digest& digest) override {
    return session_->serve([&](ESYS_CONTEXT* context) {
      return esys::extend_ratchet(context, authorization, digest);
    });
  }

  Result<void> insecure_remove_ratchet() override {
    return session_->serve([](ESYS_CONTEXT* context) { return esys::remove_ratchet(context); });
  }

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace

Result<std::unique_ptr<Tpm>> open_esys_tpm(const EsysTpmSettings& settings) {
  VEDETTE_TRY(auto connection, esys::Connection::open(settings.tcti));
  return std::make_unique<EsysTpm>(std::make_shared<Session>(settings, std::move(connection)));
}

void quiet_tss2_log() {
  ::setenv("TSS2_LOG", "all+NONE", 0);
}

}  // namespace vedette::platform
