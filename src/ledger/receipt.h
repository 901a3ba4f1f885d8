// Receipts: a device's signed word about one result: which model, which inputs, which outputs.
//
// A receipt proves where a result came from, not that it is right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/verified.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::ledger {

inline constexpr std::string_view kReceiptType = "vedette-receipt+jwt";

struct ReceiptClaims {
  DeviceId device;
  Epoch epoch{};
  ModelName model;
  std::uint64_t release = 0;          // at least 1
  crypto::Sha256Digest model_root{};  // of the OMS manifest
  std::uint64_t sequence = 0;         // per device, rising by one; a gap shows
  TimePoint time{};                   // whole seconds, the device's clock
  std::string request{};              // id, 1 to 128 printable ASCII characters
  crypto::Sha256Digest inputs_sha256{};
  crypto::Sha256Digest outputs_sha256{};
  std::optional<codec::Json> outputs{};  // an array of tensors, where the device sends them along
};

// ES256 JWS in compact form. Refuses RECEIPT-CLAIMS when a claim is out of its range, RECEIPT-SIZE
// beyond 128 KiB of payload, and what the key refuses.
[[nodiscard]] Result<std::string> sign_receipt(const ReceiptClaims& claims,
                                               const crypto::PrivateKey& key);

// A receipt whose signature holds.
struct Receipt {
  ReceiptClaims claims;
  crypto::Sha256Digest id{};  // SHA-256 of the payload's octets, never of the signature
  std::string jws;

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<Receipt>> verify_receipt(std::string_view jws,
                                                    const crypto::PublicKey& device_key);
  };
};

using VerifiedReceipt = Verified<Receipt>;

// Checks the signature (low s alone, so that one signing has one text) before it reads a claim.
// Whether device, epoch and release are the ones of the connection is for the caller to compare.
// Refuses the JWS and JSON codes, RECEIPT-SIZE and RECEIPT-CLAIMS.
[[nodiscard]] Result<VerifiedReceipt> verify_receipt(std::string_view jws,
                                                     const crypto::PublicKey& device_key);

}  // namespace vedette::ledger
