// A TPM maker's certificates, made for the tests: an EK with its issuer and root.
//
// Valid from November 2026 for a hundred years. The private keys were thrown away: nothing here can
// sign or open a credential.
#pragma once

namespace vedette::testing {

// Self-signed.
inline constexpr const char* kFixtureRoot =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfDCCASKgAwIBAgIUPa9WniFLbw1nvmFZyjSINOXnBfswCgYIKoZIzj0EAwIw\n"
    "GzEZMBcGA1UEAwwQRml4dHVyZSBUUE0gcm9vdDAgFw0yNjExMjMxMzU5NTdaGA8y\n"
    "MTI2MTAzMDEzNTk1N1owGzEZMBcGA1UEAwwQRml4dHVyZSBUUE0gcm9vdDBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABPiDkLgZtbRr81IEFZ35T9Mp1SPmwwAYEZFo\n"
    "JaILuOKM4TLWl4WymYdsn3hKdVpx1NNRMle0r83NkHJiL4S0lGqjQjBAMA8GA1Ud\n"
    "EwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSjoY1xTXqJtw7I\n"
    "ZJrRps4jn9y9ADAKBggqhkjOPQQDAgNIADBFAiB/6yn4js3Cz37sgnFSOvSzLAFO\n"
    "jMGbBJCZ6WlhOEJ3EgIhAMUKeSqkvCiJZraAzrh1SHv8/7xFI6mWENsCx0Q8YdPu\n"
    "-----END CERTIFICATE-----\n";

// By the root, path length 0.
inline constexpr const char* kFixtureIssuer =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjzCCATWgAwIBAgIBAjAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBGaXh0dXJl\n"
    "IFRQTSByb290MCAXDTI2MTEyMzEzNTk1N1oYDzIxMjYxMDMwMTM1OTU3WjAdMRsw\n"
    "GQYDVQQDDBJGaXh0dXJlIFRQTSBpc3N1ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB\n"
    "BwNCAAQudWKR9u6soRCcr2O5qeMIUSL7/r8+RAcdspXjETJZUvgcHAbvqyRtxabW\n"
    "OiJKEIsB7cz+29dk+QRNY+4vgBBQo2YwZDASBgNVHRMBAf8ECDAGAQH/AgEAMA4G\n"
    "A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUcx/SQXbW48lu+8e+GFvjAGUYPrgwHwYD\n"
    "VR0jBBgwFoAUo6GNcU16ibcOyGSa0abOI5/cvQAwCgYIKoZIzj0EAwIDSAAwRQIh\n"
    "ANEZF5XpAWb3kq4xnx7IJGPfxa0+cR0Lb54NYauEFv9FAiA5whlAKluEy0209UjI\n"
    "WLqJQER1ZivJufmCge5r5IRilg==\n"
    "-----END CERTIFICATE-----\n";

// By the issuer, for the key below: EKU 2.23.133.8.1, empty subject, critical directoryName SAN.
inline constexpr const char* kFixtureEndorsement =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB1zCCAX2gAwIBAgIBAzAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJGaXh0dXJl\n"
    "IFRQTSBpc3N1ZXIwIBcNMjYxMTIzMTM1OTU4WhgPMjEyNjEwMzAxMzU5NThaMAAw\n"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQmKlC9uptGuUOtmTM7niKxOtRsDcbr\n"
    "eqUJysJv0RaJcqrmm7hLk0Zz/fnXDaQgBmUzL/LHx5ZuFnXOIVyFSfmoo4HIMIHF\n"
    "MAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgMIMBAGA1UdJQQJMAcGBWeBBQgB\n"
    "MFMGA1UdEQEB/wRJMEekRTBDMRYwFAYFZ4EFAgEMC2lkOjAwMDAxMDE0MREwDwYF\n"
    "Z4EFAgIMBmZvcmdlZDEWMBQGBWeBBQIDDAtpZDoyMDI0MDEwMTAfBgNVHSMEGDAW\n"
    "gBRzH9JBdtbjyW77x74YW+MAZRg+uDAdBgNVHQ4EFgQUstldrQHHqIW29UWk4ngE\n"
    "gdj63zAwCgYIKoZIzj0EAwIDSAAwRQIgICDGwudNTgm7eBPTjj/n/S9dHxlpbIyQ\n"
    "zPJ2f58W5nACIQD10p32flhGDFiS1O6y0IuTOS99a9z2am/6QAjm5FlEmg==\n"
    "-----END CERTIFICATE-----\n";

// By the issuer, for the same key, but as a TLS client.
inline constexpr const char* kFixtureClient =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgjCCASmgAwIBAgIBBDAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJGaXh0dXJl\n"
    "IFRQTSBpc3N1ZXIwIBcNMjYxMTIzMTM1OTU4WhgPMjEyNjEwMzAxMzU5NThaMAAw\n"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQmKlC9uptGuUOtmTM7niKxOtRsDcbr\n"
    "eqUJysJv0RaJcqrmm7hLk0Zz/fnXDaQgBmUzL/LHx5ZuFnXOIVyFSfmoo3UwczAM\n"
    "BgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcD\n"
    "AjAfBgNVHSMEGDAWgBRzH9JBdtbjyW77x74YW+MAZRg+uDAdBgNVHQ4EFgQUstld\n"
    "rQHHqIW29UWk4ngEgdj63zAwCgYIKoZIzj0EAwIDRwAwRAIgBqbGCG8kF+1LXv85\n"
    "4fEVado9AGS3z/elM64yomYHT2UCIGQ0iPKZ9p1iUSYmlyVFuq0cZn8isnwtu75x\n"
    "ctWE/fHG\n"
    "-----END CERTIFICATE-----\n";

// Another root, which certified nothing.
inline constexpr const char* kFixtureStranger =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfjCCASSgAwIBAgIUVLLHB6bBnAwDUP34UWaE1clO24cwCgYIKoZIzj0EAwIw\n"
    "HDEaMBgGA1UEAwwRU3RyYW5nZXIgVFBNIHJvb3QwIBcNMjYxMTIzMTM1OTU3WhgP\n"
    "MjEyNjEwMzAxMzU5NTdaMBwxGjAYBgNVBAMMEVN0cmFuZ2VyIFRQTSByb290MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbMO44gFUsCF+8R04piSkDLVFtzYdS8AW\n"
    "RBW8qZEY/aIaGdf07++5mbtzAniJDyL1ScsyBG4QaGg/53561EuwOKNCMEAwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFPKSNiM1CpJc\n"
    "5ok9x1II/Ecr8xstMAoGCCqGSM49BAMCA0gAMEUCIQC0G+2sFlsXM0ttFmDnNAlE\n"
    "pG5/fwMiqCCpGaADC/ynTgIga1/5BFnci5vv/5n7hNl43EQ4F8BMqH0n7Cy4JtQa\n"
    "ae4=\n"
    "-----END CERTIFICATE-----\n";

}  // namespace vedette::testing
