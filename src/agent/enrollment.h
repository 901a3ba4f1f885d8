// Enrollment: from a TPM and an allow-list entry to a certificate (EST, RFC 7030).
#pragma once

#include <optional>
#include <vector>

#include "agent/config.h"
#include "agent/credentials.h"
#include "agent/device_key.h"
#include "base/error.h"
#include "platform/net/http.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

// The device key as a private key whose signatures the TPM makes.
[[nodiscard]] Result<crypto::PrivateKey> device_private_key(platform::Tpm& tpm);

// The seconds of a Retry-After, as far as an hour; none for anything else.
[[nodiscard]] std::optional<Duration> retry_after(const platform::HttpResponse& response);

// Proves the TPM to the server and fetches a certificate for the key, for which the TPM speaks by
// the statement that its kind allows (identity/key_statement.h); `client` speaks to the enrolment
// listener. Refuses what the server refuses (ENR-*), and TPM-* and NET-*. `wait` is set where the
// server asks to wait. `token`: of an operator, for this TPM to enrol by first.
[[nodiscard]] Result<std::vector<crypto::Certificate>> enroll(
    platform::HttpClient& client, platform::Tpm& tpm, const DeviceKey& key,
    std::optional<Duration>* wait = nullptr, const std::optional<std::string>& token = {});

// For a device that has enrolled before, in one exchange beside the question for a nonce: a
// certification request that holds what the TPM says of its key, of its registers and of this
// connection (attested_enrollment.cpp). `former` names the device, expired or not. Refuses
// ENR-AK-UNKNOWN where the server does not know this TPM's attestation key under that name.
[[nodiscard]] Result<std::vector<crypto::Certificate>> enroll_attested(
    platform::HttpClient& client, platform::Tpm& tpm, const crypto::PrivateKey& key,
    const crypto::Certificate& former, std::optional<Duration>* wait = nullptr);

// A certification request by EST. Refuses what the server refuses.
[[nodiscard]] Result<std::vector<crypto::Certificate>> post_request(
    platform::HttpClient& client, std::string target, const Bytes& request_der,
    const std::optional<std::string>& authorization, std::optional<Duration>* wait);

// The same subject, SAN and key for another while (RFC 7030, 4.2.2), over the device listener.
[[nodiscard]] Result<std::vector<crypto::Certificate>> renew(
    platform::HttpClient& client, const Credentials& credentials,
    std::optional<Duration>* wait = nullptr);

}  // namespace vedette::agent
