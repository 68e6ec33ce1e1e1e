using IlqrVae.Recordings;

namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>The bins of some trials in which behaviour is known, trial by trial, with their rates. Behaviour is held, rates are read when they are asked for.</summary>
internal sealed class DecodedBins
{
    private readonly TrialArray _rates;
    private readonly List<double> _behaviour = [];
    private readonly List<(int Trial, int Bin)> _places = [];

    /// <summary>Finds the bins.</summary>
    /// <param name="rates">Trials x bins x neurons.</param>
    /// <param name="behaviour">Trials x bins x outputs; bins whose first output is NaN are left out.</param>
    /// <param name="mask">The trials to use; null for all.</param>
    /// <exception cref="InputException">Shapes differ, or another output is no number where the first is one.</exception>
    public DecodedBins(TrialArray rates, TrialArray behaviour, IReadOnlyList<bool>? mask)
    {
        if (rates.Trials != behaviour.Trials || rates.Bins != behaviour.Bins || behaviour.Columns == 0)
        {
            throw new InputException(
                $"{rates.Name} has the shape {rates.Shape} and {behaviour.Name} {behaviour.Shape}; both need the same trials and bins, and behaviour one output at least.");
        }

        if (mask is not null && mask.Count != rates.Trials)
        {
            throw new InputException($"the decode mask of {behaviour.Name} has {mask.Count} trials where there are {rates.Trials}; give one row a trial.");
        }

        _rates = rates;
        Outputs = behaviour.Columns;
        var values = new double[behaviour.Bins * behaviour.Columns];
        for (var trial = 0; trial < behaviour.Trials; trial++)
        {
            if (mask?[trial] == false)
            {
                continue;
            }

            behaviour.Read(trial, values);
            for (var i = 0; i < values.Length; i++)
            {
                var first = values[i - (i % Outputs)];
                if (double.IsNaN(first))
                {
                    continue;
                }

                if (!double.IsFinite(values[i]))
                {
                    throw new InputException($"{behaviour.Place(trial, i)} is {values[i]} in a bin whose first column is known; write NaN in all columns of a bin, or in none.");
                }

                _behaviour.Add(values[i]);
                if (i % Outputs == 0)
                {
                    _places.Add((trial, i / Outputs));
                }
            }
        }
    }

    public delegate void Use(int row, ReadOnlySpan<double> rates, ReadOnlySpan<double> behaviour);

    public int Features => _rates.Columns;

    public int Outputs { get; }

    /// <summary>Number of bins.</summary>
    public int Count => _places.Count;

    /// <summary>Behaviour of one of the bins.</summary>
    public ReadOnlySpan<double> Behaviour(int row) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_behaviour).Slice(row * Outputs, Outputs);

    /// <summary>Shows bins in order.</summary>
    /// <param name="use">Told of each.</param>
    /// <param name="first">The first bin.</param>
    /// <param name="end">The bin after the last; null for all.</param>
    /// <exception cref="InputException">A rate is no number.</exception>
    public void ForEach(Use use, int first = 0, int? end = null)
    {
        var rates = new double[_rates.Bins * Features];
        var held = -1;
        for (var row = first; row < (end ?? Count); row++)
        {
            var (trial, bin) = _places[row];
            if (trial != held)
            {
                _rates.Read(trial, rates);
                held = trial;
            }

            var features = rates.AsSpan(bin * Features, Features);
            var fault = features.IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
            if (fault >= 0)
            {
                throw new InputException(
                    $"{_rates.Place(trial, (bin * Features) + fault)} is {features[fault]} where behaviour is known; the decoder needs a rate there.");
            }

            use(row, features, Behaviour(row));
        }
    }
}
