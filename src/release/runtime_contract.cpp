#include "release/runtime_contract.h"

#include <utility>

#include "release/in_toto.h"

namespace vedette::release {
namespace {

constexpr InTotoKind kKind{
    .predicate_type = kContractPredicateType,
    .code = "REL-CONTRACT",
    .noun = "runtime contract",
    .limits = {.max_bytes = kMaxContractBytes, .max_depth = 8, .max_values = 20'000}};

}  // namespace

std::string_view to_string(ModelFormat format) {
  switch (format) {
    case ModelFormat::onnx:
      return "onnx";
    case ModelFormat::ort:
      return "ort";
  }
  std::unreachable();
}

// What is signed is what the reader made of it: one set of rules for both sides.
Result<ContractEnvelope> sign_runtime_contract(const RuntimeContract& contract,
                                               const ModelName& model,
                                               const crypto::Sha256Digest& model_root,
                                               const crypto::PrivateKey& key) {
  VEDETTE_TRY(const RuntimeContract readable, read_contract(write_contract(contract)));
  VEDETTE_TRY(SignedInToto made, sign_in_toto({.model = model.str(),
                                               .model_root = model_root,
                                               .predicate = write_contract(readable)},
                                              kKind, key));
  return ContractEnvelope{.text = std::move(made.envelope), .contract_sha256 = made.payload_sha256};
}

Result<VerifiedContract> verify_runtime_contract(std::string_view envelope,
                                                 std::span<const crypto::PublicKey> publishers) {
  VEDETTE_TRY(const VerifiedInToto proven, verify_in_toto(envelope, kKind, publishers));
  auto model = ModelName::parse(proven.statement.model);
  if (!model)
    return refuse("REL-CONTRACT", "the contract is not about a model of the registry",
                  describe(model.error()));
  VEDETTE_TRY(RuntimeContract contract, read_contract(proven.statement.predicate));
  return VerifiedContract(
      SignedContract::VerificationKey(),
      SignedContract{std::move(contract), *std::move(model), proven.statement.model_root,
                     proven.payload_sha256, proven.signer.spki_sha256()});
}

}  // namespace vedette::release
