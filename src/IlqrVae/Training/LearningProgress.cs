using System.Numerics;
using IlqrVae.Inference;

namespace IlqrVae.Training;

/// <summary>Keeps the best parameters, and decides when training goes back to them and when it ends.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="model">The model, whose parameters are set when training goes back.</param>
/// <param name="options">Settings.</param>
internal sealed class LearningProgress<T>(VariationalModel<T> model, TrainingOptions options)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Bad iterations in a row after which training goes back to its best parameters.</summary>
    private const int BadIterationLimit = 5;

    /// <summary>
    /// A validation has lost its way when more than this share of what had been learned, from the first loss to the best, is gone. Chaotic dynamics can
    /// leave a good region for one without sense and stay there, with gradients that are usual by then.
    /// </summary>
    private const double LostShare = 0.1;

    /// <summary>Lost validations in a row after which training goes back too.</summary>
    private const int LostValidationLimit = 3;

    /// <summary>Iterations that they must span.</summary>
    private const int LostIterationLimit = 100;

    /// <summary>Times it may go back.</summary>
    private const int RecoveryLimit = 6;

    /// <summary>Times it may have gone back before it does so for lost validations.</summary>
    private const int LostRecoveryLimit = 3;

    /// <summary>Takes note of a batch: bad when most of its trials were bounded or overflowed.</summary>
    /// <param name="state">The state.</param>
    /// <param name="bounded">Trials that were.</param>
    /// <param name="trials">Trials of the batch.</param>
    public static void AcceptBatch(TrainingState<T> state, int bounded, int trials)
        => state.BadIterations = 2 * bounded > trials ? state.BadIterations + 1 : 0;

    /// <summary>Takes note of a validation: parameters better than any before are kept, with the optimiser as it is.</summary>
    /// <param name="state">The state.</param>
    /// <param name="loss">The loss in nats per observed entry.</param>
    public static void AcceptValidation(TrainingState<T> state, double loss)
    {
        if (double.IsPositiveInfinity(state.BestLoss))
        {
            state.BestLoss = state.UntrainedLoss;
        }

        if (loss < state.BestLoss)
        {
            state.BestLoss = loss;
            state.BestIteration = state.Iteration;
            state.Reached.CopyTo(state.BestRaw, 0);
            state.BestOptimiser.CopyFrom(state.Optimiser);
            state.ValidationsWithoutImprovement = 0;
        }
        else
        {
            state.ValidationsWithoutImprovement++;
        }

        var learned = state.UntrainedLoss - state.BestLoss;
        state.LostValidations = learned > 0 && !(loss <= state.BestLoss + (LostShare * learned)) ? state.LostValidations + 1 : 0;
    }

    /// <summary>What follows from an iteration; may go back to the best parameters.</summary>
    /// <param name="state">The state.</param>
    /// <returns>Why to end; null to go on.</returns>
    public TrainingEnd? Decide(TrainingState<T> state)
    {
        if (state.BadIterations >= BadIterationLimit)
        {
            if (state.Recoveries >= RecoveryLimit)
            {
                return TrainingEnd.Diverged;
            }

            Recover(state);
        }

        // Unlike overflow, this is no reason to end: what training still finds is kept only where it is better.
        if (state.LostValidations >= LostValidationLimit && state.LostValidations * options.ValidationInterval >= LostIterationLimit
            && state.Recoveries < LostRecoveryLimit)
        {
            Recover(state);
        }

        return options.Patience > 0 && state.ValidationsWithoutImprovement >= options.Patience ? TrainingEnd.EarlyStopped : null;
    }

    /// <summary>
    /// Goes back to the best parameters (the first ones, where nothing was validated yet) and the optimiser as it was there, with half the learning rate.
    /// The starts of trials belong to other parameters; each is searched for anew.
    /// </summary>
    private void Recover(TrainingState<T> state)
    {
        state.Recoveries++;
        state.BadIterations = 0;
        state.LostValidations = 0;
        state.ValidationsWithoutImprovement = 0;
        state.UsualGradientNorm = 0;
        state.BestRaw.CopyTo(state.Raw, 0);
        if (state.Average is not null)
        {
            state.BestRaw.CopyTo(state.Average, 0);
        }

        state.Optimiser.CopyFrom(state.BestOptimiser);
        foreach (var start in state.WarmStarts.Values)
        {
            start.Lose();
        }

        model.SetRaw(state.Raw);
    }
}
