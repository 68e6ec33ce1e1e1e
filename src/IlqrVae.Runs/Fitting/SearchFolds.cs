using IlqrVae.Recordings;

namespace IlqrVae.Runs.Fitting;

/// <summary>
/// The trials of a search, shared out between learning and validation in several ways. Few validation trials cannot tell candidates apart: then each is trained several times, with
/// other trials left out, as far as there is time. Test trials stay as they are.
/// </summary>
internal static class SearchFolds
{
    /// <summary>Validation trials, of all folds together, that are enough.</summary>
    public const int EnoughTrials = 32;

    /// <summary>Parts of the trials, one of which a fold validates on.</summary>
    public const int Parts = 8;

    /// <summary>How many folds are worth having.</summary>
    /// <param name="trials">The trials, with some marked for validation.</param>
    public static int Wanted(Recording trials)
    {
        var (marked, learned) = (trials.TrialsOf(TrialSplit.Validation).Count, trials.Trials.Count(trial => trial.Split != TrialSplit.Test));
        return marked == 0 || marked >= EnoughTrials || learned < Parts ? 1 : (int)Math.Clamp(Math.Ceiling((double)EnoughTrials * Parts / learned), 1, Parts);
    }

    /// <summary>The folds: the trials as they are marked where one is asked for, else each with another part for validation.</summary>
    /// <param name="trials">The trials.</param>
    /// <param name="count">Number of folds, from 1 to <see cref="Parts"/>.</param>
    public static IReadOnlyList<Recording> Of(Recording trials, int count)
    {
        if (count == 1)
        {
            return [trials];
        }

        return [.. Enumerable.Range(0, count).Select(fold =>
        {
            var number = 0;
            return trials with
            {
                Trials =
                [
                    .. trials.Trials.Select(trial => trial.Split == TrialSplit.Test ? trial : trial with { Split = number++ % Parts == fold ? TrialSplit.Validation : TrialSplit.Train }),
                ],
            };
        })];
    }
}
