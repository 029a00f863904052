"""The catalogue of faults and the policies read from the command line."""

from __future__ import annotations

import pytest

from scripts.annotations.faults import FAULTS, Policy, default_policies, parse_policies
from scripts.common.errors import UserError


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_faults_default_is_allowed_and_error_always_possible(fault) -> None:
    assert fault.default in fault.policies
    assert fault.default is not Policy.ERROR
    assert Policy.ERROR in fault.policies
    assert len(set(fault.policies)) == len(fault.policies)
    assert fault.scope in ("span", "record")
    assert fault.description


def test_faults_default_policies_cover_every_fault() -> None:
    assert default_policies() == {code: fault.policies[0] for code, fault in FAULTS.items()}
    assert parse_policies([]) == default_policies()


@pytest.mark.parametrize(
    ("code", "policy"), [(code, policy) for code in FAULTS for policy in FAULTS[code].policies]
)
def test_faults_parse_policies_sets_one_and_leaves_the_others(code: str, policy: Policy) -> None:
    assert parse_policies([f"{code}={policy.value}"]) == {**default_policies(), code: policy}


def test_faults_parse_policies_takes_the_last_of_two() -> None:
    policies = parse_policies(["nested=drop", "crossing=error", "nested=missing"])
    assert policies["nested"] is Policy.MISSING
    assert policies["crossing"] is Policy.ERROR


@pytest.mark.parametrize("setting", ["nestd=drop", "=drop", "", "NESTED=drop"])
def test_faults_parse_policies_refuses_an_unknown_fault(setting: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_policies([setting])
    assert caught.value.where == f"--policy {setting}"
    assert "edge-whitespace" in caught.value.todo


@pytest.mark.parametrize("setting", ["nested=keep", "nested=ignore", "nested=", "nested"])
def test_faults_parse_policies_refuses_a_policy_that_the_fault_does_not_allow(setting: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_policies([setting])
    assert caught.value.where == f"--policy {setting}"
    assert "repair, missing, drop, error (default repair)" in caught.value.todo
