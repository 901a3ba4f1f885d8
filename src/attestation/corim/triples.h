// What a CoMID says: for an environment, the measurements that are expected or endorsed
// (draft-ietf-rats-corim, "Triples").
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::attestation::corim {

struct Oid {
  Bytes encoded;  // the contents of the BER encoding (RFC 9090), as tag 111 has it
  friend auto operator<=>(const Oid&, const Oid&) = default;
};
struct Uuid {
  std::array<std::uint8_t, 16> octets{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};
struct Ueid {
  Bytes octets;  // 7 to 33 (RFC 9711, 4.2.1)
  friend auto operator<=>(const Ueid&, const Ueid&) = default;
};

using ClassId = std::variant<Oid, Uuid, Bytes>;
using InstanceId = std::variant<Ueid, Uuid, Bytes>;
using EnvironmentGroup = std::variant<Uuid, Bytes>;

// At least one member is there. What is absent constrains nothing.
struct Environment {
  std::optional<ClassId> class_id = {};
  std::optional<std::string> vendor = {};
  std::optional<std::string> model = {};
  std::optional<std::uint64_t> layer = {};
  std::optional<std::uint64_t> index = {};
  std::optional<InstanceId> instance = {};
  std::optional<EnvironmentGroup> group = {};

  friend bool operator==(const Environment&, const Environment&) = default;
};

// Of the algorithm's length. No list of digests has one algorithm twice.
struct Digest {
  crypto::Hash algorithm = crypto::Hash::sha256;
  Bytes value;

  friend bool operator==(const Digest&, const Digest&) = default;
};

using MeasurementKey = std::variant<std::monostate, std::string, std::uint64_t, Uuid, Oid>;

struct Version {
  std::string text;
  // RFC 9393, 4.1: a number or a name; absent when it is not told.
  std::variant<std::monostate, std::int64_t, std::string> scheme = {};

  friend bool operator==(const Version&, const Version&) = default;
};

// The security version that is expected, or the least that is.
struct Svn {
  std::uint64_t value = 0;
  bool is_minimum = false;

  friend bool operator==(const Svn&, const Svn&) = default;
};

struct RawValue {
  Bytes value;
  std::optional<Bytes> mask = {};  // of the value's length; only set bits are compared

  friend bool operator==(const RawValue&, const RawValue&) = default;
};

// Keys of flags-map.
enum class Flag : std::uint8_t {
  configured,
  secure,
  recovery,
  debug,
  replay_protected,
  integrity_protected,
  runtime_measured,
  immutable,
  tcb,
  confidentiality_protected,
};

using RegisterIndex = std::variant<std::uint64_t, std::string>;

// At least one value is there.
struct Measurement {
  MeasurementKey key = {};
  std::optional<Version> version = {};
  std::optional<Svn> svn = {};
  std::vector<Digest> digests = {};
  std::map<Flag, bool> flags = {};
  std::optional<RawValue> raw = {};
  std::optional<std::string> name = {};
  std::map<RegisterIndex, std::vector<Digest>> registers = {};
  // When not empty, evidence counts only if one of these keys authorised it.
  std::vector<crypto::PublicKey> authorized_by = {};

  friend bool operator==(const Measurement&, const Measurement&) = default;
};

// All of the measurements together are one accepted state of the environment; another triple for
// it is another accepted state.
struct ReferenceTriple {
  Environment environment;
  std::vector<Measurement> measurements;

  friend bool operator==(const ReferenceTriple&, const ReferenceTriple&) = default;
};

}  // namespace vedette::attestation::corim
