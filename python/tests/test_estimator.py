import unittest

import numpy as np

from ilqr_vae import IlqrVae, InputError
from tests.common import BIN_WIDTH, BINS, UNITS, arrays, needs, scratch


def small(**more):
    return IlqrVae(bin_width=BIN_WIDTH, states=4, inputs=2, dynamics="linear", iterations=40, **more)


class Estimator(unittest.TestCase):
    def test_learns_transforms_and_decodes(self):
        counts, velocity, _ = arrays()
        model = small(training={"hide": [{"kind": "groups", "of": ["target"], "probability": 0.5}]}).fit(counts[:9], velocity[:9])
        states = model.transform(counts[9:])
        self.assertEqual(states.shape, (3, BINS, 4))
        decoded = model.predict(list(counts[9:]))
        self.assertEqual((len(decoded), decoded[0].shape), (3, (BINS, 2)))
        by_hand = np.stack(decoded).reshape(-1, 2)
        truth = velocity[9:].reshape(-1, 2)
        r2 = (1 - ((by_hand - truth) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)).mean()
        self.assertAlmostEqual(model.score(counts[9:], velocity[9:]), r2, 9)
        self.assertTrue(np.isfinite(model.score(counts[9:])))
        self.assertTrue(model.posterior(counts[9:])["target"].hidden)
        self.assertEqual(model.n_features_in_, UNITS)
        self.assertEqual(model.run_.configuration["model"]["dynamics"]["kind"], "linear")

    def test_settings_are_settings(self):
        model = IlqrVae()
        self.assertEqual(model.set_params(states=3).get_params()["states"], 3)
        self.assertEqual(repr(model), "IlqrVae(states=3)")
        with self.assertRaisesRegex(InputError, "no setting 'stats'"):
            model.set_params(stats=3)
        with self.assertRaisesRegex(InputError, "not fitted"):
            model.transform(arrays()[0])

    def test_without_behaviour_there_is_nothing_to_predict(self):
        model = IlqrVae(bin_width=BIN_WIDTH, states=2, inputs=1, iterations=2, output=scratch("estimator")).fit(arrays()[0])
        self.assertTrue(scratch("estimator").is_dir())
        with self.assertRaisesRegex(InputError, "given none"):
            model.predict(arrays()[0])

    @needs("sklearn")
    def test_scikit_learn_clones_and_searches_it(self):
        from sklearn.base import clone
        from sklearn.model_selection import GridSearchCV
        model = IlqrVae(bin_width=BIN_WIDTH, inputs=1, iterations=2)
        self.assertEqual(clone(model).get_params(), model.get_params())
        search = GridSearchCV(model, {"states": [2, 3]}, cv=2).fit(arrays()[0])
        self.assertIn(search.best_params_["states"], (2, 3))


if __name__ == "__main__":
    unittest.main()
