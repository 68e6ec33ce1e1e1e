import doctest
import unittest

import ilqr_vae
from ilqr_vae import _configuration, dynamics, estimator, posterior, program, recording, runs, scores, trials


def load_tests(loader, tests, ignore):
    for module in (ilqr_vae, _configuration, dynamics, estimator, posterior, program, recording, runs, scores, trials):
        tests.addTests(doctest.DocTestSuite(module, extraglobs={"np": __import__("numpy")}))
    return tests


if __name__ == "__main__":
    unittest.main()
