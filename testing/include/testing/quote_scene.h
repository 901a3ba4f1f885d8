// A device that attests, with a TPM in software whose every statement a test can bend.
#pragma once

#include <map>
#include <string>

#include "attestation/measurement/code_of.h"
#include "attestation/quote.h"
#include "crypto/tpm.h"
#include "testing/tpm_forge.h"

namespace vedette::attestation {

struct QuoteScene {
  crypto::PrivateKey ak = crypto::PrivateKey::generate_p256();
  testing::KeyShape ak_shape = testing::attestation_shape();
  Bytes nonce = Bytes(32, 0x11);
  Bytes channel = Bytes(kChannelBindingOctets, 0x22);
  crypto::Sha256Digest fingerprint = crypto::sha256(as_bytes("certificate"));
  // 0 and 7 with made-up values.
  Registers registers = {{std::uint8_t{0}, crypto::sha256(as_bytes("firmware"))},
                         {std::uint8_t{7}, crypto::sha256(as_bytes("secure boot"))}};

  [[nodiscard]] codec::TpmPublic ak_public() const {
    return codec::parse_tpmt_public(testing::forge_public(ak.public_key(), ak_shape)).value();
  }
  [[nodiscard]] codec::TpmPcrSelection selection() const {
    codec::TpmPcrSelection selection{bank_of(registers), {}};
    selection.registers.reserve(registers.size());
    for (const auto& [pcr, value] : registers)
      selection.registers.push_back(pcr);
    return selection;
  }
  [[nodiscard]] std::vector<Bytes> values() const {
    std::vector<Bytes> values;
    values.reserve(registers.size());
    for (const auto& [pcr, value] : registers)
      values.push_back(to_bytes(value.octets()));
    return values;
  }

  // A sound quote of the registers for this challenge.
  [[nodiscard]] testing::AttestShape quote() const {
    Bytes all;
    for (const Bytes& value : values())
      append(all, value);
    testing::AttestShape shape;
    shape.qualified_signer = testing::forge_qualified_name();
    shape.extra_data = to_bytes(quote_binding(nonce, fingerprint, channel));
    shape.selections = {selection()};
    shape.pcr_digest = to_bytes(crypto::sha256(all));
    return shape;
  }
  [[nodiscard]] QuoteEvidence evidence(const testing::AttestShape& shape) const {
    const Bytes attest = testing::forge_attest(shape);
    return {nonce, attest, testing::forge_signature(ak, attest), values()};
  }
  [[nodiscard]] QuoteExpectation expectation() const {
    return {.attestation_key = ak_public(),
            .extra_data = to_bytes(quote_binding(nonce, fingerprint, channel)),
            .selection = selection(),
            .last = std::nullopt,
            .firmware = {}};
  }
  [[nodiscard]] Verified<Quote> verified() const {
    return verify_quote(evidence(quote()), expectation()).value();
  }
};

}  // namespace vedette::attestation
