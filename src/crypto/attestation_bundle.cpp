#include "crypto/attestation_bundle.h"

#include <algorithm>
#include <array>

#include <openssl/asn1.h>

#include "crypto/der.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using ElementHandle = std::unique_ptr<ASN1_TYPE, FreeWith<ASN1_TYPE_free>>;
using ObjectHandle = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;
using StringHandle = std::unique_ptr<ASN1_STRING, FreeWith<ASN1_STRING_free>>;

struct FreeElements {
  void operator()(ASN1_SEQUENCE_ANY* elements) const noexcept {
    sk_ASN1_TYPE_pop_free(elements, ASN1_TYPE_free);
  }
};
using Elements = std::unique_ptr<ASN1_SEQUENCE_ANY, FreeElements>;

constexpr const char* kAttestation = "1.2.840.113549.1.9.16.2.59";
constexpr std::size_t kMaxBundle = 16 << 10;  // as a whole request
constexpr int kMostStatements = 8;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CSR-ATTESTATION", "the request's attestation is malformed", std::move(cause));
}

Result<Elements> elements_of(ByteView der, std::string_view what) {
  if (der.size() > kMaxBundle || !is_der(der)) return malformed(std::string(what) + " is no DER");
  const unsigned char* in = der.data();
  Elements elements(d2i_ASN1_SEQUENCE_ANY(nullptr, &in, static_cast<long>(der.size())));
  if (elements == nullptr) return malformed(std::string(what) + ": " + drain_errors());
  return elements;
}

ByteView content_of(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The content of an element of that type; of a SEQUENCE its whole encoding, as OpenSSL keeps it.
Result<Bytes> content_of(const ASN1_TYPE* element, int type, std::string_view what) {
  if (ASN1_TYPE_get(element) != type) return malformed(std::string(what) + " is of another type");
  return to_bytes(content_of(element->value.asn1_string));
}

Result<std::string> object_text(const ASN1_TYPE* element) {
  if (ASN1_TYPE_get(element) != V_ASN1_OBJECT) return malformed("a statement without its type");
  std::array<char, 128> text{};
  const int size =
      OBJ_obj2txt(text.data(), static_cast<int>(text.size()), element->value.object, 1);
  if (size <= 0 || static_cast<std::size_t>(size) >= text.size())
    return malformed("a statement's type is too long");
  return std::string(text.data(), static_cast<std::size_t>(size));
}

Result<AttestationStatement> read_statement(const ASN1_TYPE* element) {
  VEDETTE_TRY(const Bytes der, content_of(element, V_ASN1_SEQUENCE, "a statement"));
  VEDETTE_TRY(const Elements members, elements_of(der, "a statement"));
  if (sk_ASN1_TYPE_num(members.get()) != 2) return malformed("a statement is a type and a content");
  VEDETTE_TRY(std::string type, object_text(sk_ASN1_TYPE_value(members.get(), 0)));
  return AttestationStatement{std::move(type),
                              der_of<i2d_ASN1_TYPE>(sk_ASN1_TYPE_value(members.get(), 1))};
}

Elements no_elements() {
  Elements made(sk_ASN1_TYPE_new_null());
  require(made != nullptr, "start a sequence");
  return made;
}

void add(Elements& elements, ElementHandle element) {
  require(element != nullptr && sk_ASN1_TYPE_push(elements.get(), element.get()) > 0,
          "add to a sequence");
  (void)element.release();
}

void add_string(Elements& elements, int type, ByteView content) {
  StringHandle string(ASN1_STRING_type_new(type));
  require(string != nullptr &&
              ASN1_STRING_set(string.get(), content.data(), static_cast<int>(content.size())) == 1,
          "make a string");
  ElementHandle element(ASN1_TYPE_new());
  require(element != nullptr, "make an element");
  ASN1_TYPE_set(element.get(), type, string.release());
  add(elements, std::move(element));
}

void add_object(Elements& elements, const std::string& type) {
  ObjectHandle object(OBJ_txt2obj(type.c_str(), 1));
  ElementHandle element(ASN1_TYPE_new());
  require(object != nullptr && element != nullptr, "make an object identifier");
  ASN1_TYPE_set(element.get(), V_ASN1_OBJECT, object.release());
  add(elements, std::move(element));
}

Bytes encoded(const Elements& elements) {
  return der_of<i2d_ASN1_SEQUENCE_ANY>(elements.get());
}

Bytes encoded(const AttestationStatement& statement) {
  Elements members = no_elements();
  add_object(members, statement.type);
  const unsigned char* in = statement.content.data();
  add(members,
      ElementHandle(d2i_ASN1_TYPE(nullptr, &in, static_cast<long>(statement.content.size()))));
  return encoded(members);
}

}  // namespace

Result<std::optional<Bytes>> attestation_bundle_of(ByteView request_der) {
  const ErrorQueueScope errors;
  const unsigned char* in = request_der.data();
  const RequestHandle request(d2i_X509_REQ(nullptr, &in, static_cast<long>(request_der.size())));
  if (request == nullptr) return malformed("no request");
  const ObjectHandle type(OBJ_txt2obj(kAttestation, 1));
  require(type != nullptr, "name an attribute");
  const int at = X509_REQ_get_attr_by_OBJ(request.get(), type.get(), -1);
  if (at < 0) return std::nullopt;
  X509_ATTRIBUTE* const attribute = X509_REQ_get_attr(request.get(), at);
  if (X509_ATTRIBUTE_count(attribute) != 1) return malformed("other than one bundle");
  VEDETTE_TRY(Bytes bundle,
              content_of(X509_ATTRIBUTE_get0_type(attribute, 0), V_ASN1_SEQUENCE, "the bundle"));
  return std::optional(std::move(bundle));
}

Result<std::vector<AttestationStatement>> parse_attestation_bundle(ByteView der) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const Elements bundle, elements_of(der, "the bundle"));
  const int members = sk_ASN1_TYPE_num(bundle.get());
  if (members < 1 || members > 2) return malformed("a bundle is statements and certificates");
  VEDETTE_TRY(const Bytes list, content_of(sk_ASN1_TYPE_value(bundle.get(), 0), V_ASN1_SEQUENCE,
                                           "the list of statements"));
  VEDETTE_TRY(const Elements elements, elements_of(list, "the list of statements"));
  const int count = sk_ASN1_TYPE_num(elements.get());
  if (count < 1 || count > kMostStatements) return malformed("1 to 8 statements are taken");
  std::vector<AttestationStatement> statements;
  for (int i = 0; i < count; ++i) {
    VEDETTE_TRY(auto statement, read_statement(sk_ASN1_TYPE_value(elements.get(), i)));
    if (std::ranges::find(statements, statement.type, &AttestationStatement::type) !=
        statements.end())
      return malformed("two statements of the type " + statement.type);
    statements.push_back(std::move(statement));
  }
  return statements;
}

Bytes make_attestation_bundle(std::span<const AttestationStatement> statements) {
  Elements list = no_elements();
  for (const AttestationStatement& statement : statements)
    add_string(list, V_ASN1_SEQUENCE, encoded(statement));
  Elements bundle = no_elements();
  add_string(bundle, V_ASN1_SEQUENCE, encoded(list));
  Bytes der = encoded(bundle);
  require(parse_attestation_bundle(der).has_value(), "make a bundle of attestations");
  return der;
}

Result<TpmCertifyStatement> parse_tpm_certify(ByteView der) {
  const ErrorQueueScope errors;
  constexpr std::string_view kWhat = "the certification of the key";
  VEDETTE_TRY(const Elements members, elements_of(der, kWhat));
  if (sk_ASN1_TYPE_num(members.get()) != 3)
    return malformed("a certification of a key, its signature and the key are wanted");
  const auto octets = [&](int at) {
    return content_of(sk_ASN1_TYPE_value(members.get(), at), V_ASN1_OCTET_STRING, kWhat);
  };
  TpmCertifyStatement statement;
  VEDETTE_TRY(statement.attest, octets(0));
  VEDETTE_TRY(statement.signature, octets(1));
  VEDETTE_TRY(statement.public_area, octets(2));
  return statement;
}

Bytes make_tpm_certify(const TpmCertifyStatement& statement) {
  Elements members = no_elements();
  for (const Bytes* octets : {&statement.attest, &statement.signature, &statement.public_area})
    add_string(members, V_ASN1_OCTET_STRING, *octets);
  return encoded(members);
}

Result<std::string> parse_json_message(ByteView der) {
  const ErrorQueueScope errors;
  if (der.size() > kMaxBundle || !is_der(der)) return malformed("the message is no DER");
  const unsigned char* in = der.data();
  const ElementHandle element(d2i_ASN1_TYPE(nullptr, &in, static_cast<long>(der.size())));
  if (element == nullptr) return malformed(drain_errors());
  VEDETTE_TRY(const Bytes text, content_of(element.get(), V_ASN1_UTF8STRING, "the message"));
  return std::string(as_text(text));
}

Bytes make_json_message(std::string_view json) {
  const StringHandle string(ASN1_UTF8STRING_new());
  require(string != nullptr &&
              ASN1_STRING_set(string.get(), json.data(), static_cast<int>(json.size())) == 1,
          "make a string");
  return der_of<i2d_ASN1_UTF8STRING>(string.get());
}

}  // namespace vedette::crypto
