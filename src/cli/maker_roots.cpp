#include "cli/maker_roots.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/fd.h"
#include "base/strong_id.h"
#include "cli/device_keys.h"
#include "cli/operator_client.h"
#include "cli/views.h"
#include "codec/base64.h"
#include "crypto/endorsement.h"

namespace vedette::cli {

namespace {

namespace fs = std::filesystem;

using codec::Json;
using crypto::Certificate;

constexpr std::size_t kMaxFile = std::size_t{1} << 20U;
constexpr std::size_t kMostFiles = 1024;
constexpr std::array<std::string_view, 4> kEndings = {".pem", ".crt", ".cer", ".der"};

Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::string ending = entry->path().extension().string();
    std::ranges::transform(ending, ending.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (std::ranges::find(kEndings, ending) != kEndings.end())
      files.push_back(entry->path().string());
    if (files.size() > kMostFiles)
      return refuse("CLI-ROOT", "there are too many certificates in this folder", folder);
  }
  if (failed) return refuse("FILE-READ", "the folder cannot be read", folder + failed.message());
  if (files.empty())
    return refuse("CLI-ROOT", "there is no certificate in this folder", folder,
                  "certificates are files named .pem, .crt, .cer or .der");
  std::ranges::sort(files);
  return files;
}

Result<std::vector<Certificate>> certificates_in(const std::string& file) {
  VEDETTE_TRY(const Bytes content, read_file(file, kMaxFile));
  if (as_text(content).contains("-----BEGIN ")) return Certificate::all_from_pem(as_text(content));
  VEDETTE_TRY(Certificate certificate, Certificate::from_der(content));
  return std::vector{std::move(certificate)};
}

Result<void> add_new(std::vector<Certificate>& known, const std::string& file) {
  auto found = certificates_in(file);
  if (!found)
    return refuse(found.error().code, "this file holds no certificate that can be read",
                  file + ": " + describe(found.error()));
  for (Certificate& certificate : *found) {
    if (!certificate.is_ca())
      return refuse("CLI-ROOT", "this certificate is no authority's",
                    file + ": " + certificate.subject(),
                    "give the certificates of the TPM's maker, not a TPM's own");
    if (std::ranges::find(known, certificate.fingerprint(), &Certificate::fingerprint) ==
        known.end())
      known.push_back(std::move(certificate));
  }
  if (known.size() > kMostMakerCertificates)
    return refuse("CLI-ROOT", "these are more than 256 certificates", file);
  return {};
}

// Only these are anchors; the others help a path to one of them, here or known to the server
// already.
bool is_root(const Certificate& certificate) {
  return crypto::is_issuer_by_name(certificate, certificate);
}

Json told(const std::string& group, const std::vector<Certificate>& certificates) {
  Json::Array list;
  for (const Certificate& certificate : certificates)
    list.emplace_back(Json::Object{{"subject", Json(certificate.subject())},
                                   {"sha256", Json(to_hex(certificate.fingerprint()))},
                                   {"root", Json(is_root(certificate))}});
  Json json;
  return json.set("group", group).set("authorities", std::move(list));
}

std::string in_words(const std::string& group, const std::vector<Certificate>& certificates,
                     const MakerAdmission& admission) {
  const auto& sku = admission.sku;
  std::string text =
      "every TPM whose certificate leads to one of these roots may enrol into " + group;
  if (sku) text += ", and is of SKU " + *sku + " when it first does";
  text += where_keys_live(admission.keys) + ":\n";
  for (const Certificate& certificate : certificates)
    text += "  " + to_hex(certificate.fingerprint()).substr(0, 16) + "  " +
            (is_root(certificate) ? "root    " : "issuer  ") + printable(certificate.subject()) +
            "\n";
  if (std::ranges::none_of(certificates, is_root))
    text += "no root is among them: they help only where theirs was imported\n";
  return text;
}

std::string what_is_left(const std::string& group, const Json& answer) {
  std::string others;
  if (const Json* const groups = answer.find("still_in_groups"); groups && groups->if_array())
    for (const Json& other : *groups->if_array())
      if (const std::string* const name = other.if_string())
        others += (others.empty() ? "" : ", ") + printable(*name);
  std::string text = "no TPM enrols into " + group + " by this certificate any more\n";
  if (!others.empty()) text += "it still stands for " + others + "\n";
  if (!answer.boolean("root").value_or(true))
    return text +
           "it is an issuer: whom it helped in stays admitted by its root; remove that to stop "
           "them\n";
  return text + cell_of(answer, "devices") +
         " devices get no further certificate; what they have goes on until it ends ('vedette "
         "device revoke' ends it at once)\n";
}

}  // namespace

Result<std::vector<Certificate>> read_maker_roots(const std::string& path) {
  std::error_code ignored;
  std::vector<std::string> files{path};
  if (fs::is_directory(path, ignored)) {
    VEDETTE_TRY(files, files_in(path));
  }
  std::vector<Certificate> certificates;
  for (const std::string& file : files)
    VEDETTE_CHECK(add_new(certificates, file));
  return certificates;
}

Result<void> admit_makers(Environment& environment, const MakerAdmission& admission) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(admission.group));
  VEDETTE_TRY(const auto certificates, read_maker_roots(admission.path));
  std::string pem;
  for (const Certificate& certificate : certificates)
    pem += certificate.pem();
  Json body;
  body.set("group", group.str()).set("certificate", pem);
  if (admission.sku) {
    VEDETTE_TRY(const SkuId sku, SkuId::parse(*admission.sku));
    body.set("sku", sku.str());
  }
  if (admission.sha1_signature) body.set("sha1_signature", true);
  if (admission.expired) body.set("expired", true);
  set_keys(body, admission.keys);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.post("/v1/endorsement-roots", body));
  environment.output->result(told(group.str(), certificates),
                             in_words(group.str(), certificates, admission));
  return {};
}

Result<void> list_makers(Environment& environment) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/endorsement-roots"));
  environment.output->result(answer, makers_view(answer));
  return {};
}

Result<void> dismiss_maker(Environment& environment, const MakerDismissal& dismissal) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(dismissal.group));
  VEDETTE_TRY(const Bytes digest, codec::from_hex(dismissal.sha256));
  if (digest.size() != crypto::Sha256Digest{}.size())
    return refuse("HEX-SYNTAX", "a certificate's SHA-256 has 64 hexadecimal digits",
                  std::to_string(dismissal.sha256.size()) + " digits",
                  "'vedette trust ek-roots list' shows it");
  Json body;
  body.set("group", group.str()).set("sha256", to_hex(digest));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post("/v1/endorsement-roots/remove", body));
  environment.output->result(answer, what_is_left(group.str(), answer));
  return {};
}

}  // namespace vedette::cli
