import unittest

import numpy as np

from ilqr_vae import Dynamics, InputError
from tests.common import KINDS, arrays, recording, trained


class Steps(unittest.TestCase):
    def compare(self, run, external=False):
        """States of a posterior are what its inputs lead to, by the program's own steps."""
        found = run.infer(recording(external), progress=False)
        dynamics = run.dynamics
        stimulus = arrays()[2]
        for number in (0, 5, 11):
            z, u = found.states.mean[number], found.inputs.mean[number]
            x = stimulus[number][:-1] if external else None
            np.testing.assert_allclose(dynamics.step(z[:-1], u[:-1], x), z[1:], rtol=0, atol=1e-10)
            np.testing.assert_allclose(dynamics.run(z[0], u[:-1], x), z, rtol=0, atol=1e-8)
            # The inputs must matter, or the comparison says nothing of them.
            self.assertGreater(np.abs(dynamics.step(z[:-1]) - z[1:]).max(), 1e-6)

    def differentiate(self, dynamics):
        rng = np.random.default_rng(1)
        z, u, x = rng.normal(size=(2, 3, dynamics.states)), rng.normal(size=(2, 3, dynamics.inputs)), rng.normal(size=(2, 3, dynamics.external)) if dynamics.external else None
        a, b = dynamics.linearise(z, u, x)
        h = 1e-6
        for column, direction in enumerate(np.eye(dynamics.states)):
            np.testing.assert_allclose(a[..., column], (dynamics.step(z + h * direction, u, x) - dynamics.step(z - h * direction, u, x)) / (2 * h), atol=1e-7)
        for column, direction in enumerate(np.eye(dynamics.inputs)):
            np.testing.assert_allclose(b[..., column], (dynamics.step(z, u + h * direction, x) - dynamics.step(z, u - h * direction, x)) / (2 * h), atol=1e-7)

    def test_of_every_kind_are_those_of_the_program(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.compare(trained(kind))
                self.differentiate(trained(kind).dynamics)

    def test_known_inputs_enter(self):
        for kind in ("linear", "mgu", "inside"):
            with self.subTest(kind):
                self.compare(trained(kind, external=True), external=True)
                self.differentiate(trained(kind, external=True).dynamics)

    def test_autoregressive_inputs_are_part_of_the_state(self):
        run = trained("rnn", autoregressive=True)
        self.assertEqual(run.dynamics.states, 6)
        found = run.infer(recording(), progress=False)
        z, u = found.states.mean[0], found.inputs.mean[0]
        self.assertEqual(z.shape[1] in (4, 6), True)
        self.differentiate(run.dynamics)
        if z.shape[1] == 6:
            np.testing.assert_allclose(run.dynamics.step(z[:-1], u[:-1]), z[1:], rtol=0, atol=1e-10)

    def test_unknown_kinds_and_wrong_sizes_are_refused(self):
        with self.assertRaisesRegex(InputError, "not built in"):
            Dynamics("van-der-pol", {})
        with self.assertRaisesRegex(InputError, "states have 3 columns where the system has 4"):
            trained().dynamics.step(np.zeros(3))
        with self.assertRaisesRegex(InputError, "inputs have 5 columns"):
            trained().dynamics.step(np.zeros(4), np.zeros(5))


class FixedPoints(unittest.TestCase):
    def test_of_a_linear_system_is_the_one_that_there_is(self):
        a = np.array([[0.9, -0.3, 0.0], [0.3, 0.9, 0.0], [0.0, 0.0, 0.5]])
        b = np.array([[1.0], [0.0], [2.0]])
        system = Dynamics("linear", {"dynamics.A": a, "dynamics.B": b})
        found = system.fixed_points(np.random.default_rng(0).normal(size=(10, 3)), [2.0])
        self.assertEqual(len(found), 1)
        np.testing.assert_allclose(found.states[0], np.linalg.solve(np.eye(3) - a, b[:, 0] * 2), atol=1e-8)
        np.testing.assert_allclose(sorted(np.abs(found.eigenvalues[0])), sorted(np.abs(np.linalg.eigvals(a))), atol=1e-9)
        self.assertTrue(found.stable[0])
        self.assertAlmostEqual(found.time_constants(0.01)[0].min(), -0.01 / np.log(0.5), 9)

    def test_all_three_of_a_bistable_system_are_found(self):
        # z' = 2 tanh(z): 0 is left, two others attract.
        system = Dynamics("rnn", {"dynamics.A": np.array([[2.0]]), "dynamics.B": np.zeros((1, 1)), "dynamics.b": np.zeros((1, 1))})
        found = system.fixed_points(np.linspace(-3, 3, 41)[:, None])
        states = np.sort(found.states[:, 0])
        self.assertEqual(len(states), 3)
        np.testing.assert_allclose(states, 2 * np.tanh(states), atol=1e-8)
        np.testing.assert_allclose(states[1], 0, atol=1e-8)
        self.assertEqual(found.stable.tolist(), [True, True, False])

    def test_a_saddle_is_left(self):
        system = Dynamics("linear", {"dynamics.A": np.diag([1.5, 0.5]), "dynamics.B": np.zeros((2, 1))})
        found = system.fixed_points(np.ones((3, 2)))
        self.assertEqual(found.stable.tolist(), [False])
        np.testing.assert_allclose(found.eigenvalues[0], [1.5, 0.5])

    def test_of_a_learned_system_is_not_left(self):
        dynamics = trained().dynamics
        found = dynamics.fixed_points(np.random.default_rng(0).normal(size=(20, 4)))
        self.assertGreater(len(found), 0)
        np.testing.assert_allclose(dynamics.step(found.states), found.states, atol=1e-8)


class ReadOuts(unittest.TestCase):
    def test_of_values_are_those_of_the_program(self):
        run = trained()
        found = run.infer(recording(), progress=False)
        np.testing.assert_allclose(run.read_out("velocity")(found.states.mean.table), found["velocity"].mean.table, atol=1e-9)

    def test_of_counts_are_those_of_the_program(self):
        # Under the link exp the rate is log-normal: mean and deviation tell the rate at the mean state.
        run = trained()
        found = run.infer(recording(), progress=False)["spikes"]
        mean, deviation = found.mean.table, found.deviation.table
        at_mean_state = mean / np.sqrt(1 + (deviation / mean) ** 2)
        states = run.infer(recording(), progress=False).states.mean.table
        np.testing.assert_allclose(run.read_out("spikes")(states), at_mean_state, rtol=1e-6)

    def test_of_other_links_are_near_the_posterior_mean(self):
        # E[rate] differs from the rate at the mean state by the spread, and not by more.
        for link in ("softplus", "soft-relu"):
            with self.subTest(link):
                run = trained("linear", link=link)
                found = run.infer(recording(), progress=False)
                rates, deviation = found["spikes"].mean.table, found["spikes"].deviation.table
                there = run.read_out("spikes")(found.states.mean.table)
                self.assertLess(np.abs(there - rates).max(), 0.6 * deviation.max())
                self.assertLess(np.median(np.abs(there - rates) / deviation), 0.35)
                self.assertIn("likelihood.spikes.gain", run.parameters)

    def test_unknown_groups_are_refused(self):
        with self.assertRaisesRegex(InputError, "there is no group 'hand'"):
            trained().read_out("hand")


if __name__ == "__main__":
    unittest.main()
