#include "crypto/alternative_names.h"
#include "crypto/key_values.h"
#include "crypto/revocation.h"

namespace vedette::crypto {
namespace {

using ListHandle = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using EntryHandle = std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>>;
using TimeHandle = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using EnumeratedHandle = std::unique_ptr<ASN1_ENUMERATED, FreeWith<ASN1_ENUMERATED_free>>;
using PointHandle = std::unique_ptr<ISSUING_DIST_POINT, FreeWith<ISSUING_DIST_POINT_free>>;
using AuthorityKeyIdHandle = std::unique_ptr<AUTHORITY_KEYID, FreeWith<AUTHORITY_KEYID_free>>;

constexpr std::size_t kMaxSerialDigits = 40;  // RFC 5280, 4.1.2.2: 20 octets

bool is_serial(const std::string& text) {
  return !text.empty() && text.size() <= kMaxSerialDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

IntegerHandle integer_of(const BIGNUM* number) {
  IntegerHandle integer(BN_to_ASN1_INTEGER(number, nullptr));
  require(integer != nullptr, "make a number");
  return integer;
}

IntegerHandle integer_of_hex(const std::string& digits) {
  BIGNUM* parsed = nullptr;
  require(BN_hex2bn(&parsed, digits.c_str()) > 0, "read a serial number");
  const BignumHandle number(parsed);
  return integer_of(number.get());
}

TimeHandle time_of(TimePoint time) {
  TimeHandle made(ASN1_TIME_set(nullptr, to_unix_seconds(time)));
  require(made != nullptr, "make a time");
  return made;
}

void add_entry(X509_CRL* list, const RevokedCertificate& revoked) {
  EntryHandle entry(X509_REVOKED_new());
  const EnumeratedHandle reason(ASN1_ENUMERATED_new());
  require(entry != nullptr && reason != nullptr, "make an entry of a list");
  const IntegerHandle serial = integer_of_hex(revoked.serial_hex);
  const TimeHandle at = time_of(revoked.revocation.at);
  require(
      X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
          X509_REVOKED_set_revocationDate(entry.get(), at.get()) == 1 &&
          ASN1_ENUMERATED_set(reason.get(), static_cast<long>(revoked.revocation.reason)) == 1 &&
          X509_REVOKED_add1_ext_i2d(entry.get(), NID_crl_reason, reason.get(), 0,
                                    X509V3_ADD_DEFAULT) == 1 &&
          X509_CRL_add0_revoked(list, entry.get()) == 1,
      "add an entry to a list");
  static_cast<void>(entry.release());
}

void add_extension(X509_CRL* list, int nid, void* value, bool critical) {
  require(X509_CRL_add1_ext_i2d(list, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1,
          "add an extension");
}

void add_number(X509_CRL* list, TimePoint this_update) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(this_update);
  const BignumHandle number(BN_new());
  require(number != nullptr &&
              BN_set_word(number.get(),
                          static_cast<BN_ULONG>(milliseconds.time_since_epoch().count())) == 1,
          "make a list's number");
  add_extension(list, NID_crl_number, integer_of(number.get()).get(), false);
}

void add_distribution_point(X509_CRL* list, const std::optional<std::string>& address) {
  const PointHandle point(ISSUING_DIST_POINT_new());
  require(point != nullptr, "make a distribution point");
  point->onlyuser = 0xFF;
  if (address) point->distpoint = new_distribution_point_name(*address);
  add_extension(list, NID_issuing_distribution_point, point.get(), true);
}

void add_authority(X509_CRL* list, const Certificate& issuer) {
  const AuthorityKeyIdHandle authority(AUTHORITY_KEYID_new());
  require(authority != nullptr, "make an authority key identifier");
  authority->keyid = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(native(issuer)));
  require(authority->keyid != nullptr, "make an authority key identifier");
  add_extension(list, NID_authority_key_identifier, authority.get(), false);
}

void set_times(X509_CRL* list, const RevocationListProfile& profile) {
  const TimeHandle from = time_of(profile.this_update);
  const TimeHandle until = time_of(profile.next_update);
  require(X509_CRL_set1_lastUpdate(list, from.get()) == 1 &&
              X509_CRL_set1_nextUpdate(list, until.get()) == 1,
          "set a list's times");
}

}  // namespace

Result<unsigned> revocation_shard(const std::string& serial_hex) {
  if (!is_serial(serial_hex))
    return refuse("CERT-SYNTAX", "a certificate's serial number is none", serial_hex);
  const char last = serial_hex.back();
  return static_cast<unsigned>(last <= '9' ? last - '0' : last - 'a' + 10);
}

std::string revocation_list_address(const std::string& url, unsigned shard) {
  return url + "/crl/" + std::to_string(shard) + ".crl";
}

std::string ocsp_address(const std::string& url) {
  return url + "/ocsp";
}

Result<Bytes> make_revocation_list(const RevocationListProfile& profile,
                                   std::span<const RevokedCertificate> entries,
                                   const Certificate& issuer, const PrivateKey& issuer_key) {
  const ErrorQueueScope errors;
  const ListHandle list(X509_CRL_new());
  require(list != nullptr && X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(native(issuer))) == 1,
          "start a list");
  set_times(list.get(), profile);
  for (const RevokedCertificate& entry : entries) {
    if (!is_serial(entry.serial_hex))
      return refuse("CRL-ENTRY", "a revoked certificate's serial number is none", entry.serial_hex);
    add_entry(list.get(), entry);
  }
  add_authority(list.get(), issuer);
  add_number(list.get(), profile.this_update);
  add_distribution_point(list.get(), profile.address);
  require(X509_CRL_sort(list.get()) == 1, "sort a list");
  if (X509_CRL_sign(list.get(), native(issuer_key), message_digest(Hash::sha256)) <= 0)
    return refuse("KEY-SIGN", "the issuer's key could not sign", drain_errors());
  return der_of<i2d_X509_CRL>(list.get());
}

}  // namespace vedette::crypto
