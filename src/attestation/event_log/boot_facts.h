// BootFacts: what a proven log says about the boot, for policies and for people.
//
// Types, labels and descriptions are outside of every digest. Whoever holds the system afterwards
// may rename events and append new ones by extending registers further; he cannot take one away or
// change the order within a register. So
//   - a value is taken from an event's data only where its digest covers it (data_binding.h);
//   - a separator is one by its digest, once in each of PCR 0 to 7, under its own type alone;
//   - what describes the firmware (Secure Boot's variables, S-CRTM version) counts before the
//     separator only: the firmware closes those registers with it;
//   - PCR 7 and PCR 4 hold nothing that we do not understand: nothing can hide there;
//   - what the digest does not cover has a name with `claimed_` in it.
#pragma once

#include <map>
#include <optional>

#include "attestation/event_log/verify.h"

namespace vedette::attestation {

struct KeyDatabase {
  Bytes digest;  // of the event, in the log's bank
  std::size_t octets = 0;
  std::size_t signatures = 0;  // hashes and certificates
};

// What a signature or list that allowed an image to run was found in (PFP, "EV_EFI_VARIABLE_
// AUTHORITY"); shim adds its own state (MokListTrusted, SbatLevel).
struct Authority {
  std::string variable;  // "db", "Shim", "SbatLevel", ...
  std::string vendor;
  Bytes digest;
  std::size_t octets = 0;
  bool before_separator = false;  // drivers, mostly
};

struct LoadedImage {
  EventType claimed_kind = EventType::efi_boot_services_application;
  std::uint8_t pcr = 0;
  std::string claimed_path;  // not escaped
  Bytes digest;              // Authenticode
  bool before_separator = false;
  bool from_boot_option = false;  // after "Calling EFI Application from Boot Option"
};

struct MeasuredObject {
  std::string claimed_name;  // not escaped
  Bytes digest;
};

struct Action {
  std::uint8_t pcr = 0;
  std::string text;  // printable ASCII
};

// The command line as the kernel's EFI stub took it.
struct LoadOptions {
  Bytes digest;                     // of UTF-16
  std::optional<std::string> text;  // the loader's command line, if it is that
};

// Members are empty where their register is not proven.
struct BootFacts {
  // PCR 7. An empty SecureBoot variable is "off"; without any, nothing is known.
  std::optional<bool> secure_boot;
  std::map<std::string, KeyDatabase> databases;  // PK, KEK, db, dbx
  std::vector<Authority> authorities;

  // PCR 2 and 4, in each register's order.
  std::vector<LoadedImage> images;

  // PCR 0: text, or the octets in hexadecimal, or a GUID.
  std::optional<std::string> s_crtm_version;

  // PCR 1. Most firmware measures the values without the variables' names.
  std::vector<std::uint16_t> boot_order;
  std::map<std::string, std::string> boot_options;  // claimed "Boot0001" to its description

  // PCR 0 to 7: EV_EFI_ACTION and EV_ACTION.
  std::vector<Action> actions;
  bool exit_boot_services = false;  // PCR 5

  // PCR 8, 9 and 12: GRUB, systemd-boot, the kernel's stub. That a string is a kernel's command
  // line rather than a command of GRUB is a claim (the label is not measured); `load_options` of
  // the kernel itself, where there are any, settle it.
  std::vector<std::string> kernel_command_lines;
  std::vector<std::string> module_command_lines;
  std::vector<std::string> grub_commands;
  std::vector<MeasuredObject> files;
  std::vector<LoadOptions> load_options;
  std::vector<Bytes> initrds;

  std::vector<MeasuredObject> stub_sections;  // PCR 11, names proven; systemd-stub
  std::vector<MeasuredObject> mok_lists;      // PCR 14: MokList, MokListX, ...

  // Numbers of proven events whose data must not be believed, and of those of unknown type.
  std::vector<std::size_t> contradicted;
  std::vector<std::size_t> unknown;
};

// Refuses
//   ATT-LOG-SEPARATOR      a separator is missing, comes twice, is disguised, or says "failed"
//   ATT-LOG-TYPE           an event of another type than its digest says, or out of place in PCR 4,
//   7 ATT-LOG-DATA           in PCR 7, or of a separator: data that is not what was measured
//   ATT-LOG-ORDER          a fact about the firmware behind the separator
//   ATT-LOG-CONTRADICTION  the same thing measured twice with different values
//   ATT-LOG-VARIABLE       a malformed variable in PCR 7
[[nodiscard]] Result<BootFacts> read_boot_facts(const Verified<BootLog>& boot);

}  // namespace vedette::attestation
