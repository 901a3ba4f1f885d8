// The repositories of the domains on one connection. Each lives in its own file and borrows the
// database for its lifetime. Rows that do not parse refuse STORE-CORRUPT.
#pragma once

#include <memory>

#include "attestation/reference_values.h"
#include "identity/device.h"
#include "identity/enrollment_token.h"
#include "identity/issued_certificate.h"
#include "ledger/log_store.h"
#include "ledger/receipt_repository.h"
#include "ledger/violation_repository.h"
#include "platform/store/sqlite/database.h"
#include "policy/proposal.h"
#include "release/registry.h"

namespace vedette::platform::sqlite {

// As Query::name_or_none reads it.
[[nodiscard]] inline std::string text_of(const std::optional<SkuId>& sku) {
  return sku ? sku->str() : std::string();
}

[[nodiscard]] std::unique_ptr<identity::DeviceRegistry> make_device_registry(Database& database);
[[nodiscard]] std::unique_ptr<identity::CertificateRegistry> make_certificate_registry(
    Database& database);
[[nodiscard]] std::unique_ptr<identity::EnrollmentRules> make_enrollment_rules(Database& database);
[[nodiscard]] std::unique_ptr<identity::EnrollmentTokens> make_enrollment_tokens(
    Database& database);
[[nodiscard]] std::unique_ptr<attestation::ReferenceRepository> make_reference_repository(
    Database& database);
[[nodiscard]] std::unique_ptr<attestation::AttestationHistory> make_attestation_history(
    Database& database);
[[nodiscard]] std::unique_ptr<release::ReleaseRegistry> make_release_registry(Database& database);
[[nodiscard]] std::unique_ptr<ledger::ReceiptRepository> make_receipt_repository(
    Database& database);
[[nodiscard]] std::unique_ptr<ledger::ViolationRepository> make_violation_repository(
    Database& database);
[[nodiscard]] std::unique_ptr<policy::ProposalRepository> make_proposal_repository(
    Database& database);
[[nodiscard]] std::unique_ptr<ledger::LogStore> make_log_store(Database& database);

}  // namespace vedette::platform::sqlite
