"""The ssh host keys of the large forges, so that a first contact need not be trusted blindly.

Each is checked in the tests against the fingerprints that the forges publish; a forge that changes a key is
refused until the operator sets CONTENT_SSH_KNOWN_HOSTS or updates gitblog.
"""

from __future__ import annotations

_ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB"
_ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"

KNOWN_HOSTS = f"""\
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints
github.com {_ED25519}OMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl
github.com {_ECDSA}EmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=
# https://docs.gitlab.com/user/gitlab_com/#ssh-host-keys-fingerprints
gitlab.com {_ED25519}AfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf
gitlab.com {_ECDSA}FSMqzJeV9rUzU4kWitGjeR4PWSa29SPqJ1fVkhtj3Hw9xjLVXVYrU9QlYWrOLXBpQ6KWjbjTDTdDkoohFzgbEY=
# https://support.atlassian.com/bitbucket-cloud/docs/configure-ssh-and-two-step-verification/
bitbucket.org {_ED25519}IazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO
bitbucket.org {_ECDSA}PIQmuzMBuKdWeF4+a2sjSSpBK0iqitSQ+5BM9KhpexuGt20JpTVM7u5BDZngncgrqDMbWdxMWWOGtZ9UgbqgZE=
# https://docs.codeberg.org/security/ssh-fingerprint/
codeberg.org {_ED25519}IVIC02vnjFyL+I4RHfvIGNtOgJMe769VTF1VR4EB3ZB
codeberg.org {_ECDSA}L2pDxWr18SoiDJCGZ5LmxPygTlPu+cCKSkpqkvCyQzl5xmIMeKNdfdBpfbCGDPoZQghePzFZkKJNR/v9Win3Sc=
"""
