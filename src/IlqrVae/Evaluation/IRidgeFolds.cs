namespace IlqrVae.Evaluation;

/// <summary>What ridge regressions on all folds of some rows but one are solved from, again and again.</summary>
internal interface IRidgeFolds
{
    /// <summary>The regression on all folds but one. May be called by several threads.</summary>
    /// <param name="without">The fold to leave out; -1 for none.</param>
    /// <param name="alpha">The penalty.</param>
    /// <param name="penalty">Its unit.</param>
    RidgeRegression Solve(int without, double alpha, RidgePenalty penalty);
}
