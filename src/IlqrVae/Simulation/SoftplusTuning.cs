using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>
/// Neurons of varied rates and depths, rate_i = s_i softplus(d_i + c_i' x) in Hz: a spread of c_i' x of 0.8 to 1.6 over the calibration
/// states, d_i ~ N(-0.5, 0.7^2), and s_i such that mean rates over them are log-normal with median 7 Hz, within 1.5 and 20 Hz.
/// </summary>
public sealed class SoftplusTuning
{
    private readonly LinearReadout _readout;
    private readonly double[] _offsets;
    private readonly double[] _scales;

    /// <summary>Draws the tuning of a population.</summary>
    /// <param name="calibration">States the neurons are meant for, each bins x n.</param>
    /// <param name="neurons">Number of neurons N.</param>
    /// <param name="random">Source of the tuning.</param>
    public SoftplusTuning(IReadOnlyList<Table> calibration, int neurons, ref CounterRandom random)
    {
        var depths = new double[neurons];
        _offsets = new double[neurons];
        _scales = new double[neurons];
        for (var i = 0; i < neurons; i++)
        {
            depths[i] = 0.8 + (0.8 * random.NextDouble());
            _offsets[i] = -0.5 + (0.7 * random.NextNormal());
            _scales[i] = 1;
        }

        _readout = LinearReadout.Random(calibration, depths, ref random);
        var mean = new double[neurons];
        var bins = 0L;
        foreach (var states in calibration)
        {
            var rates = Rates(states);
            bins += states.Bins;
            for (var i = 0; i < rates.Values.Length; i++)
            {
                mean[i % neurons] += rates.Values[i];
            }
        }

        for (var i = 0; i < neurons; i++)
        {
            var target = Math.Clamp(7 * Math.Exp(0.6 * random.NextNormal()), 1.5, 20);
            _scales[i] = target * bins / mean[i];
        }
    }

    /// <summary>The rates along a trajectory.</summary>
    /// <param name="states">T x n states.</param>
    /// <returns>T x N rates in Hz.</returns>
    public Table Rates(Table states)
    {
        var rates = _readout.Apply(states);
        for (var i = 0; i < rates.Values.Length; i++)
        {
            var neuron = i % rates.Columns;
            var x = rates.Values[i] + _offsets[neuron];

            // softplus(x) = max(x, 0) + ln(1 + e^-|x|) does not overflow.
            rates.Values[i] = _scales[neuron] * (Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))));
        }

        return rates;
    }
}
