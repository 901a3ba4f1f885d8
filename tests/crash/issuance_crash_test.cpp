// kill -9 between signing and committing (group 15 of the identity attacks): what was not committed
// was not issued, and whoever asks again gets one certificate.
#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "identity/authority.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "platform/store/store_samples.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

using identity::CertificateAuthority;
using platform::UnitOfWork;
using platform::samples::device_id;

constexpr int kKills = 20;
constexpr std::uint64_t kMostAcknowledgements = 20;
constexpr int kLongestDelayMicroseconds = 5'000;

const TimePoint kNow = from_unix_seconds(1'900'000'000);

// As the enrolment does it: the record, the signature and what was signed, or none of them.
Result<void> enrol(UnitOfWork& unit, const CertificateAuthority& authority,
                   const crypto::PublicKey& key, std::uint64_t number) {
  identity::Device device = platform::samples::device(number);
  device.device_key_sha256 = key.spki_sha256();
  VEDETTE_TRY(const auto before, unit.certificates().latest(device.id, key.spki_sha256()));
  if (before) return {};
  VEDETTE_CHECK(unit.devices().save(device));
  VEDETTE_TRY(const auto certificate,
              authority.issue_device(device.id, key, kNow, std::chrono::hours(1)));
  VEDETTE_TRY(const auto record, identity::issued(device.id, certificate, kNow));
  return unit.certificates().add(record);
}

// A device without a certificate would be one that was enrolled and signed nothing.
Result<std::uint64_t> expect_whole(UnitOfWork& unit, const crypto::PublicKey& key) {
  VEDETTE_TRY(const auto devices, unit.devices().list());
  for (const auto& device : devices) {
    VEDETTE_TRY(const auto issued, unit.certificates().latest(device.id, key.spki_sha256()));
    EXPECT_TRUE(issued.has_value()) << device.id.str();
  }
  return devices.size();
}

TEST(IssuanceCrash, WhatWasNotCommittedWasNotIssuedAndARetryGetsOneCertificate) {
  const auto domain = identity::TrustDomain::parse("crash.example").value();
  const auto authority =
      CertificateAuthority::open(domain,
                                 CertificateAuthority::create(domain, kNow).value().material, kNow)
          .value();
  const auto key = crypto::PrivateKey::generate_p256().public_key();
  const platform::samples::Folder folder;
  const std::string path = folder.file("store.db");
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::uint64_t> enough(1, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  std::map<std::uint64_t, std::string> serials;
  std::uint64_t next = 1;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const Doom doom{enough(random), std::chrono::microseconds(delay(random))};
    const auto acknowledged = run_and_kill(doom, [&](const Acknowledge& acknowledge) {
      const auto store = platform::open_sqlite_store(path);
      if (!store) std::abort();
      for (std::uint64_t number = next;; ++number) {
        const auto done =
            (*store)->write([&](UnitOfWork& unit) { return enrol(unit, authority, key, number); });
        if (!done) std::abort();
        acknowledge(number);
      }
    });
    ASSERT_FALSE(acknowledged.empty());
    const auto store = platform::open_sqlite_store(path).value();
    const std::uint64_t retried = acknowledged.back() + 1;  // whose answer, if any, was lost
    ASSERT_TRUE(store->read([&](UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(const std::uint64_t count, expect_whole(unit, key));
      EXPECT_TRUE(count == retried - 1 || count == retried) << count;
      for (const std::uint64_t number : acknowledged) {
        VEDETTE_TRY(const auto issued,
                    unit.certificates().latest(device_id(number), key.spki_sha256()));
        if (!issued) return refuse("TEST-LOST", "a certificate was lost", std::to_string(number));
        serials.emplace(number, issued->serial_hex);
      }
      return {};
    }));
    for (int again = 0; again < 2; ++again) {
      ASSERT_TRUE(
          store->write([&](UnitOfWork& unit) { return enrol(unit, authority, key, retried); }));
      ASSERT_TRUE(store->read([&](UnitOfWork& unit) -> Result<void> {
        VEDETTE_TRY(const auto issued,
                    unit.certificates().latest(device_id(retried), key.spki_sha256()));
        const auto& serial = serials.emplace(retried, issued.value().serial_hex).first->second;
        EXPECT_EQ(serial, issued->serial_hex);
        return {};
      }));
    }
    next = retried + 1;
  }
  std::cout << serials.size() << " certificates, " << kKills << " kills\n";
}

}  // namespace
}  // namespace vedette::crash
